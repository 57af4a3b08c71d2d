"""Resolves a delivery that refers to an event in the ledger: reads the event, or settles the delivery without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from function.delivery.outcome import Outcome, OutcomeKind
from function.event.envelope import Delivery
from function.ledger.attempt import Held
from function.ledger.keys import is_window
from function.ledger.ledger import Ledger
from function.ledger.states import State
from function.ledger.table import Contended

if TYPE_CHECKING:
    from function.delivery.digests import Digests
    from function.delivery.scheduling import Scheduling

__all__ = ["resolve_stored_event"]

#: How often the event is read at most: the first read may come before its digest is closed.
_READS = 3


def resolve_stored_event(
    delivery: Delivery, ledger: Ledger, scheduling: Scheduling | None, owner: Callable[[], str]
) -> Delivery | Outcome:
    """Return the delivery with its event, or the outcome if no event is kept. Closes the digest that the delivery
    refers to if its window is over; `owner` returns the name of a new attempt. Raises Contended."""
    for _ in range(_READS):
        body = ledger.read_event(delivery.instead_of or delivery.message_id)
        if body is not None:
            return replace(delivery, body=body, in_ledger=False)
        outcome = _settle_without_event(delivery, ledger, scheduling, owner)
        if outcome is not None:
            return outcome
    raise Contended("its digest is closed, and its event cannot be read yet")


def _settle_without_event(
    delivery: Delivery, ledger: Ledger, scheduling: Scheduling | None, owner: Callable[[], str]
) -> Outcome | None:
    """Settle a delivery whose event is not kept (erased or cancelled); None: it is kept now and must be read again."""
    if delivery.never_tried:  # it stays refused, as it would without another provider
        return _end(delivery, OutcomeKind.DUPLICATE, "refused, and its event is not kept")
    record = ledger.read(delivery.message_id)
    if record and record.state is State.COLLECTING and scheduling and scheduling.digests:
        return _close(delivery, scheduling.digests, owner)
    if is_window(delivery.message_id) and ledger.read_event(delivery.message_id):  # another attempt has just closed it
        return None
    if record and record.state is State.SCHEDULED and scheduling:
        scheduling.settle_erased(record, owner())
        return _end(delivery, OutcomeKind.CANCELLED, "its event was erased while it waited")
    if record and record.state is State.CANCELLED:
        return _end(delivery, OutcomeKind.DUPLICATE, f"already {record.state}")
    return _end(delivery, OutcomeKind.REJECTED, "its event is not kept any more")


def _close(delivery: Delivery, digests: Digests, owner: Callable[[], str]) -> Outcome | None:
    """Close a digest; None if its event can be read now."""
    match digests.close(delivery.message_id, owner()):
        case Held(until):
            return Outcome(OutcomeKind.HELD, delivery.message_id, detail="its window is open", retry_at=until)
        case True:
            return None
    return _end(delivery, OutcomeKind.CANCELLED, "nothing is left in its window")


def _end(delivery: Delivery, kind: OutcomeKind, detail: str) -> Outcome:
    return Outcome(kind, delivery.message_id, detail=detail)
