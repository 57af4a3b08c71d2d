"""What waits for its time and what cancels it, each with one fault."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from function.event.envelope import Delivery
from function.ledger.attempt import Attempt, Held, Verdict
from function.ledger.keys import message_key
from function.ledger.ledger import Writes
from function.ledger.record import Record, TimelineRow
from function.ledger.schedule import Cancelled, Due, Schedule, TooLateToCancel
from function.ledger.states import Action
from function.ledger.table import Contended
from function.ledger.writes.requests import WriteRequest, update
from function.queues.dead_letter import write_retry
from function.scheduler import Scheduler
from tests.model.broken_ledger import rewrite_condition
from tests.model.herald import Code

__all__ = [
    "CancelsWhatIsSent",
    "ClaimLeavesItInTheIndex",
    "ForgetsWhatIsNotKnown",
    "FreesWhatWasCancelled",
    "NeverAsksAgain",
    "PutsOffWhatHasMoved",
    "ResendsWhatWasCancelled",
    "SendsAtOnce",
    "SwallowsTooLate",
    "WithoutAPlace",
    "claim_what_was_cancelled",
]


class WithoutAPlace(Writes):
    def settle(self, attempt: Attempt, row: TimelineRow, action: Action, also: Any = None) -> list[WriteRequest]:
        return super().settle(attempt, row, action)


class ClaimLeavesItInTheIndex(Writes):
    def claim(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        return super().claim(replace(attempt, due=None), now)


class NeverAsksAgain(Scheduler):
    def __call__(self, _event: object, context: Any) -> dict[str, int]:
        for found in self.schedule.find_due(self.clock()):
            table = self.schedule.ledger.table
            key = message_key(found.message_id)
            table.update(update(table.name, key, "REMOVE #due, #due_at", "#due_at = :seen", {"seen": found.due_at}))
            self.retry.put_all([write_retry(Delivery(found.message_id, "", in_ledger=True))])
        return {}


class PutsOffWhatHasMoved(Schedule):
    def put_off(self, found: Due) -> None:
        table, values = self.ledger.table, {"later": found.due_at + 3_600_000}
        with suppress(Contended):
            table.update(update(table.name, message_key(found.message_id), "SET #due_at = :later", "", values))


class ResendsWhatWasCancelled(Writes):
    def resend(self, attempt: Attempt, doubtful: Record, now: int) -> list[WriteRequest]:
        message, *rest = super().resend(attempt, doubtful, now)
        return [{"Update": rewrite_condition(message["Update"], " AND attribute_not_exists(#cancelled_by)", "")}, *rest]


class FreesWhatWasCancelled(Writes):
    def release_claim(self, attempt: Attempt, row: TimelineRow) -> WriteRequest:
        return rewrite_condition(super().release_claim(attempt, row), " AND attribute_not_exists(#cancelled_by)", "")


class SendsAtOnce(Schedule):
    def keep(self, attempt: Attempt) -> Verdict:
        return self.ledger.claim(attempt)


class CancelsWhatIsSent(Schedule):
    def _request(self, *args: Any) -> list[WriteRequest]:
        message, event = super()._request(*args)
        wide = {":sending": {"S": "sending"}} | message["Update"]["ExpressionAttributeValues"]
        old, new = "(:rejected", "(:sending, :rejected"
        changed = rewrite_condition(message["Update"] | {"ExpressionAttributeValues": wide}, old, new)
        return [{"Update": changed}, event]

    def _wait(self, record: Record, now: int) -> Held | None:
        return None


class ForgetsWhatIsNotKnown(Schedule):
    def _cancel_ahead(self, attempt: Attempt, now: int) -> Cancelled:
        return Cancelled(attempt.message_id, ahead=True)


class SwallowsTooLate(Schedule):
    def _tell_too_late(self, attempt: Attempt, record: Record, now: int) -> TooLateToCancel:
        return TooLateToCancel(record, noted=False)


def claim_what_was_cancelled() -> Code:
    class Seeded(Writes):
        def claim(self, attempt: Attempt, now: int) -> list[WriteRequest]:
            message, *rest = super().claim(attempt, now)
            values = message["Update"]["ExpressionAttributeValues"] | {":cancelled": {"S": "cancelled"}}
            wide = message["Update"] | {"ExpressionAttributeValues": values}
            return [{"Update": rewrite_condition(wide, "(:released", "(:cancelled, :released")}, *rest]

    return Code(writes=Seeded)
