"""The courier's part for events that are sent later and for cancellations, used only if scheduling is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from function.delivery.outcome import OutcomeKind
from function.errors import InvalidEvent
from function.event.cloudevent import Event
from function.ledger.attempt import Attempt, Duplicate, Held, Verdict
from function.ledger.keys import DIGEST_SOURCE
from function.ledger.record import Record
from function.ledger.schedule import Cancelled, Schedule
from function.ledger.states import ACCEPTED, State
from function.message.builder import NAME
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import CANCELLED_TOO_LATE

if TYPE_CHECKING:
    from function.delivery.digests import Digests

__all__ = ["CANCEL", "CancellationResult", "Scheduling", "read_name"]

#: The type of an event that cancels the event whose `source` and `id` its data contains.
CANCEL = "mail.cancel"
#: Longest values, in characters, as in the event's own schema.
_LONGEST = {"source": 1024, "id": 256}


class CancellationResult(NamedTuple):
    """How a cancellation ended: the message concerned, the kind, a line for the log, and metrics to count besides the
    kind."""

    message_id: str
    kind: OutcomeKind
    detail: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scheduling:
    """Keeps events for later and cancels events."""

    schedule: Schedule
    #: Collects events for digests, if a notification is one.
    digests: Digests | None = None

    def keep(self, attempt: Attempt) -> Verdict:
        """Keep the event until it is due."""
        return self.schedule.keep(attempt)

    def settle_erased(self, record: Record, owner: str) -> None:
        """Cancel a waiting mail whose event was erased, unless its state has changed meanwhile. Raises Contended."""
        self.schedule.cancel_erased(record, owner)

    @staticmethod
    def is_cancellation(event: Event) -> bool:
        """Whether the event cancels another."""
        return event.type == CANCEL

    def cancel(self, attempt: Attempt, event: Event) -> CancellationResult | Held | Record:
        """Cancel the mail of the event that `event` names. Returns Held if this must be retried, or a record each of
        whose parts must be cancelled. Raises InvalidEvent if no event is named."""
        source, id_ = (read_name(event, name) for name in ("source", "id"))
        if source == DIGEST_SOURCE:
            raise InvalidEvent("a digest is not cancelled: cancel its events", "/data/source")
        found = self.schedule.cancel(attempt, source, id_)
        match found:
            case Held() | Record():
                return found
            case Cancelled(message_id, ahead):
                detail = "before its event came" if ahead else f"cancelled by {attempt.message_id}"
                return CancellationResult(message_id, OutcomeKind.CANCELLED, detail)
            case Duplicate(state):
                return CancellationResult(attempt.message_id, OutcomeKind.DUPLICATE, f"already {state}")
        record = found.record
        detail = f"too late to cancel: {record.state}" + ("" if record.state in ACCEPTED else ", it may have been sent")
        detail = "too late to cancel: its digest is closed" if record.state is State.COLLECTED else detail
        also = (CANCELLED_TOO_LATE,) if found.noted else ()
        return CancellationResult(record.message_id, OutcomeKind.DUPLICATE, detail, also)


def read_name(event: Event, name: str) -> str:
    """Return the `source` or `id` that a cancellation names. Raises InvalidEvent."""
    found = event.data.get(name)
    if not isinstance(found, str) or len(found) > _LONGEST[name] or not NAME.fullmatch(found):
        raise InvalidEvent(f"data.{name} must be the {name} of the event to cancel", f"/data/{name}")
    return found
