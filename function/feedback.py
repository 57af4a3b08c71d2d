"""Entry point of `feedback`: what SES says later, from SQS into the ledger.

Event shapes: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
They come unordered and at least once; the ledger's precedence makes order and repetition harmless.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from function.ledger import Contended, Ledger, Row, address_key
from function.providers.ses_events import Heard, Ignored, folded, hear
from function.runtime.bootstrap import Clients, Entry, clock, composed_ledger, release
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import SYNTHETIC, Telemetry
from function.runtime.settings import FeedbackSettings

__all__ = ["Listener", "compose", "handler"]

_ORDINARY = frozenset({"Delivered", "Repeated", SYNTHETIC})


@dataclass(frozen=True, slots=True)
class Listener:
    """Takes a batch from the queue `feedback`; what could not be written comes again, alone."""

    ledger: Ledger
    secret: bytes
    telemetry: Telemetry
    release: str
    clock: Callable[[], int]

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG002 - Lambda's signature
        """Handle one batch; answers with partial failures. What it came to is one line of the log."""
        records = event.get("Records", [])
        counts: Counter[str] = Counter()
        failures = []
        try:
            for record, heard in zip(records, folded([hear(record["body"]) for record in records]), strict=True):
                if not self._take(heard, counts):
                    failures.append(record["messageId"])
        finally:
            self.telemetry.tally(counts)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}

    def _take(self, heard: Heard | Ignored | None, counts: Counter[str]) -> bool:
        if heard is None:
            counts["Repeated"] += 1
            return True
        if isinstance(heard, Ignored):
            counts["Ignored"] += 1
            self.telemetry.note("Ignored", detail=heard.why)
            return True
        row = Row(heard.state, self.clock(), self.release, provider="ses", detail=heard.detail)
        suppress = address_key(self.secret, heard.address) if heard.suppress and heard.address else None
        try:
            moved = self.ledger.hear(heard.message_id, heard.action, row, suppress)
        except Contended as error:
            self.telemetry.note("contended", message_id=heard.message_id, detail=str(error)[:200])
            return False
        self._count(heard, moved, counts)
        return True

    def _count(self, heard: Heard, moved: bool, counts: Counter[str]) -> None:
        """Only what is out of the ordinary gets a line of its own: of the rest, the ledger has the story."""
        metric = SYNTHETIC if heard.synthetic else heard.metric if moved else "Repeated"
        counts[metric] += 1
        if metric not in _ORDINARY:
            self.telemetry.note(metric, message_id=heard.message_id, detail=heard.detail)


def compose(environment: dict[str, str], clients: Clients) -> Listener:
    """The listener of one sandbox. Raises BadSetting."""
    settings = FeedbackSettings.read(environment, release())
    secret = clients.key(settings.address_key_parameter)
    ledger = composed_ledger(settings.ledger, clients.dynamodb())
    telemetry = Telemetry(environment.get("AWS_LAMBDA_FUNCTION_NAME", "feedback"), settings.ledger.release, clock)
    return Listener(ledger, secret, telemetry, settings.ledger.release, clock)


#: Lambda's handler.
handler = Entry(compose)
