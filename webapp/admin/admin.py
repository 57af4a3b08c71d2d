"""The notifier from an operator's side: its queues, its ledger, its switch. The work itself is done by `operations`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from operations.installation import Installation
from operations.pause import PauseStatus, pause, read_status, resume

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

_WAITING: Final[tuple["QueueAttributeNameType", ...]] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)


@dataclass(frozen=True, slots=True)
class Names:
    """Queues by their URLs, the ledger, and the function that sends."""

    dead: str
    retry: str
    feedback: str
    ledger: str
    notify: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """About how many messages a queue holds: to be had now, delayed, and at work."""

    ready: int
    delayed: int
    at_work: int

    @property
    def total(self) -> int:
        return self.ready + self.delayed + self.at_work


@dataclass(frozen=True, slots=True)
class Admin:
    """Clients and names; `secret` gives the key that addresses are hashed with."""

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    functions: "LambdaClient"
    names: Names
    secret: Callable[[], bytes]

    @property
    def installation(self) -> Installation:
        """What the operators' package works on."""
        names = self.names
        return Installation(self.sqs, self.dynamodb, names.dead, names.retry, names.feedback, names.ledger, self.secret)

    def waiting(self, queue: str) -> Waiting:
        """What a queue holds, by its URL."""
        found = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(_WAITING))["Attributes"]
        ready, delayed, at_work = (int(found.get(name, 0)) for name in _WAITING)
        return Waiting(ready, delayed, at_work)

    def read_status(self) -> PauseStatus:
        """Whether mail is paused."""
        return read_status(self.functions, self.names.notify)

    def pause(self) -> str:
        """Park all mail; says what that did."""
        before = pause(self.functions, self.names.notify)
        return "was paused already" if before.paused else "paused: every event waits in retry"

    def resume(self) -> str:
        """Let mail go on; says what that did."""
        before = resume(self.functions, self.names.notify)
        return "was not paused" if before.running else "resumed: what waits in retry is sent now, each once"
