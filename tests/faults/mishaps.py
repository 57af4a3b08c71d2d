"""What goes wrong in the soak, by chance: a table, queues and a post office that kill, lose, refuse and contend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from function.errors import OutcomeUnknown, ProviderUnavailable, QuotaExhausted, RefusedForGood, Throttled
from function.message.email import Email, Receipt

__all__ = ["FlakyPost", "FlakyQueues", "Killed", "Mishaps"]

_BUSY = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": [{"Code": "TransactionConflict"}]}


class Killed(BaseException):
    """The process is gone: no handler of the function catches this."""


@dataclass(slots=True)
class Mishaps:
    """Chance, with a count of what it did. `meanwhile` lets another delivery of the event run to its end."""

    chance: Random
    meanwhile: Callable[[], None] = lambda: None
    counts: Counter[str] = field(default_factory=Counter)

    def happens(self, what: str, likely: float) -> bool:
        """Whether it happens now."""
        if self.chance.random() >= likely:
            return False
        self.counts[what] += 1
        return True

    def around(self, moment: str, operation: str, _request: Mapping[str, Any] | None = None) -> None:
        """Before and after a write to the table or to a queue."""
        if self.happens("deliveries in the middle of another", 0.08):
            self.meanwhile()
        if self.happens(f"killed {moment} a write", 0.05):
            raise Killed
        if moment == "after" and self.happens("answers of the table or a queue lost", 0.03):
            raise ReadTimeoutError(endpoint_url=operation)
        if moment == "before" and operation == "TransactWriteItems" and self.happens("transactions contended", 0.03):
            raise ClientError(_BUSY, operation)  # type: ignore[arg-type]  # as much of the answer as is read


@dataclass(slots=True)
class FlakyPost:
    """A provider. `took` is told of each mail that it takes."""

    mishaps: Mishaps
    took: Callable[[str, Email], None]
    probed: Callable[[], None]
    url: str = "ses://us-east-1"
    timeout: float = 12.0
    count: int = 0

    def send(self, email: Email, key: str) -> Receipt:
        self._before()
        self.count += 1
        self.took(key, email)
        if self.mishaps.happens("killed after the send", 0.03):
            raise Killed
        if self.mishaps.happens("mails taken, answer lost", 0.03):
            raise OutcomeUnknown("the answer was lost")
        return Receipt(self.url, f"mail-{self.count}")

    def probe(self) -> None:
        if not self.mishaps.happens("probes lost", 0.1):
            self.probed()

    def _before(self) -> None:
        happens = self.mishaps.happens
        if happens("killed before the send", 0.02):
            raise Killed
        if happens("throttled", 0.04):
            raise Throttled("maximum sending rate exceeded")
        if happens("quota exhausted", 0.02):
            raise QuotaExhausted("daily message quota exceeded")
        if happens("provider down", 0.04):
            raise ProviderUnavailable("could not connect")
        if happens("refused for good", 0.01):
            raise RefusedForGood("content rejected")
        if happens("request lost, no mail", 0.02):
            raise OutcomeUnknown("the request was lost")


@dataclass(slots=True)
class FlakyQueues:
    """What `function.queues.Queue` asks of botocore's client."""

    mishaps: Mishaps
    sent: Callable[[str, dict[str, Any]], None]
    postponed: dict[str, int] = field(default_factory=dict)

    def send_message(self, **request: Any) -> None:
        self.mishaps.around("before", "SendMessage")
        self.sent(request["QueueUrl"], request)
        self.mishaps.around("after", "SendMessage")

    def change_message_visibility(self, **request: Any) -> None:
        self.postponed[request["ReceiptHandle"]] = request["VisibilityTimeout"]
