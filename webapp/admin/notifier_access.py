"""The notifier as operators see it: the depth of its queues, and whether it is paused.

The work itself is done by `operations`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from operations.installation import Installation, read_own_lists, read_sending_regions
from operations.pause import PauseStatus, pause, read_pause_status, resume
from operations.status.status import HeraldStatus, StatusClients, look
from webapp.aws import clients
from webapp.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

__all__ = ["NotifierAccess", "NotifierNames", "QueueDepth"]

_ATTRIBUTES: tuple[QueueAttributeNameType, ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)


@dataclass(frozen=True, slots=True)
class NotifierNames:
    """The URLs of the queues, and the names of the ledger, the function `notify`, and the table with the outbox."""

    dead: str
    retry: str
    feedback: str
    ledger: str
    notify: str
    books: str = ""


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """The approximate number of messages in a queue: visible, delayed, and in flight."""

    visible: int
    delayed: int
    in_flight: int

    @property
    def total(self) -> int:
        """The sum of all three."""
        return self.visible + self.delayed + self.in_flight


@dataclass(frozen=True, slots=True)
class NotifierAccess:
    """Clients and names; `secrets` returns the address keys, newest first, and `ses` the client of a region."""

    dynamodb: DynamoDBClient
    sqs: SQSClient
    functions: LambdaClient
    names: NotifierNames
    secrets: Callable[[], Sequence[bytes]]
    ses: Callable[[str], SESV2Client] = clients.ses
    #: Makes the clients that only the status needs: CloudWatch, its logs, CodeDeploy.
    make_client: Callable[[str], Any] = clients.make_client

    @property
    def installation(self) -> Installation:
        """The installation, for the functions of the package `operations`."""
        names = self.names
        return Installation(
            self.sqs,
            self.dynamodb,
            names.dead,
            names.retry,
            names.feedback,
            names.ledger,
            self.secrets,
            names.books,
            self._list_ses_clients,
            reads_events=False,
            own_lists=lambda: read_own_lists(self.functions, names.notify),
        )

    def _list_ses_clients(self) -> Mapping[str, SESV2Client]:
        return {region: self.ses(region) for region in read_sending_regions(self.functions, self.names.notify)}

    def read_depth(self, queue: str) -> QueueDepth:
        """Return the depth of the queue with this URL."""
        found = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(_ATTRIBUTES))["Attributes"]
        visible, delayed, in_flight = (int(found.get(name, 0)) for name in _ATTRIBUTES)
        return QueueDepth(visible, delayed, in_flight)

    def read_pause_status(self) -> PauseStatus:
        """Return whether all mail is paused."""
        return read_pause_status(self.functions, self.names.notify)

    def look(self, now: datetime) -> HeraldStatus:
        """Return the status, as far as AWS answers in time; changes nothing."""
        cloudwatch, logs, codedeploy = map(self.make_client, ("cloudwatch", "logs", "codedeploy"))
        prefix = self.names.notify.removesuffix("-notify")
        status_clients = StatusClients(self.functions, cloudwatch, logs, codedeploy, prefix)
        return look(self.installation, status_clients, now, (Unavailable,))

    def pause(self) -> str:
        """Pause all mail; return what was done."""
        before = pause(self.functions, self.names.notify)
        return "was paused already" if before.paused else "paused: every event waits in retry"

    def resume(self) -> str:
        """Resume all mail; return what was done."""
        before = resume(self.functions, self.names.notify)
        return "was not paused" if before.running else "resumed: what waits in retry is sent now, each once"
