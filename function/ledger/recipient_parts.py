"""Events with several recipients: the record that lists their parts, each of which is an event with one recipient.

A part's event id is derived from the event's id and a hash of the recipient's address, and each part is a message of
its own. So claim, send, report, dead letter and redrive work as for every other mail, in every version, and splitting
an event again makes the same parts. The record is written before any part is queued:

- A delivery writes message (`replaced`, because the parts have the event now; with the parts' names and the key that
  they are hashed with) and event (without its body), if the record is free, released, or owned by the attempt that a
  dead letter names. After a crash, the next delivery finds the key there and queues the same parts.
- A correction under the same source and id adds the names of new recipients to that record. For recipients who were
  there before, each part's own record decides.
- `mail.cancel` writes message (`cancelled`), if it is `replaced` by parts; then each part is cancelled separately.
  After a crash, the next delivery finds the names still there. A later attempt to split the event finds it cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from function.ledger.attempt import Attempt, Duplicate, Held, RecordedParts, Verdict
from function.ledger.keys import part_name
from function.ledger.ledger import CONTENDED_PAUSE, Ledger, Writes
from function.ledger.record import EventItem, Record, TimelineRow
from function.ledger.states import Action, State
from function.ledger.table import Contended, Refusal
from function.ledger.writes.requests import APPEND, REPEAT, WriteRequest, build_source_condition
from function.reason_codes import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["PartRecords", "add_parts", "cancel_parted"]


@dataclass(frozen=True, slots=True)
class PartRecords:
    """Keeps the names of an event's parts in `ledger`."""

    ledger: Ledger

    def record_parts(self, attempt: Attempt, recipients: Sequence[str]) -> RecordedParts | Verdict:
        """Record how the event is split, or return why it is not. `recipients` are the addresses."""
        now = self.ledger.clock()
        try:
            parts = _name(attempt.owner, recipients)
            refusal = self.ledger.table.write(self._request_record(attempt, parts, now))
            if refusal is None:
                return parts
            known = self._find_parted(refusal)
            if known is None or known.is_expired(now):
                return self.ledger.explain_refusal(refusal, attempt, now)
            return self._join(attempt, known, recipients, now)
        except Contended:
            return Held(now + CONTENDED_PAUSE)

    def cancel(self, attempt: Attempt, record: Record) -> Record:
        """Prevent the event of `record` from being split from now on; return the updated record. Raises Contended."""
        answer = self.ledger.table.update(cancel_parted(self.ledger.writes, attempt, record, self.ledger.clock()))
        item = answer.items[0] if isinstance(answer, Refusal) else answer
        return Record.from_item(item) if item else record

    def _request_record(self, attempt: Attempt, parts: RecordedParts, now: int) -> list[WriteRequest]:
        reason = Reason(ReasonCode.PARTED, f"split into {len(parts.names)} mails, one for each recipient")
        row = TimelineRow.from_reason(reason, State.REPLACED, now, self.ledger.writes.release)
        kept: dict[str, object] = {"parts": set(parts.names), "parted_by": attempt.owner}
        return self.ledger.writes.settle(replace(attempt, body=None), row, Action.PART, also=kept)

    def _find_parted(self, refusal: Refusal) -> Record | None:
        """Return the record that lists the event's parts, if the write was refused because the event is already
        split."""
        message, event, *_ = refusal.items
        record = Record.from_item(message) if message else None
        if message is None and event:
            record = self.ledger.read(EventItem.from_item(event).message_id)
        return record if record and record.parted_by else None

    def _join(self, attempt: Attempt, known: Record, recipients: Sequence[str], now: int) -> RecordedParts | Verdict:
        parts = _name(known.parted_by or "", recipients)
        if known.state is State.CANCELLED:
            return Duplicate(known.state, known.owner)
        if new := parts.names.keys() - known.parts:
            answer = self.ledger.table.update(add_parts(self.ledger.writes, attempt, known, new, now))
            if isinstance(answer, Refusal):
                return Held(now + CONTENDED_PAUSE)
        return parts


def add_parts(writes: Writes, attempt: Attempt, known: Record, names: set[str], now: int) -> WriteRequest:
    """The update that adds the parts of new recipients to the event's record."""
    row = TimelineRow.from_reason(
        Reason(ReasonCode.PARTED, f"{len(names)} more recipients came as {attempt.message_id}"),
        State.REPLACED,
        now,
        writes.release,
    )
    return writes.update_message(
        Attempt(known.message_id, attempt.owner),
        now,
        f"SET {REPEAT} ADD #parts :parts",
        f"{build_source_condition(Action.CANCEL_PARTED)} AND attribute_exists(#parted_by)",
        row,
        {"parts": names},
    )


def cancel_parted(writes: Writes, attempt: Attempt, record: Record, now: int) -> WriteRequest:
    """The update that cancels the record of a split event."""
    reason = Reason(ReasonCode.CANCELLED, f"cancelled by {attempt.message_id}: each recipient's mail separately")
    return writes.update_message(
        Attempt(record.message_id, attempt.owner),
        now,
        f"SET #state = :cancelled, #reason = :reason, #reason_code = :reason_code, {APPEND}",
        f"{build_source_condition(Action.CANCEL_PARTED)} AND attribute_exists(#parted_by)",
        TimelineRow.from_reason(reason, State.CANCELLED, now, writes.release),
        {"reason": reason.text, "reason_code": reason.code},
    )


def _name(key: str, recipients: Sequence[str]) -> RecordedParts:
    found: dict[str, int] = {}
    for number, who in enumerate(recipients):
        found.setdefault(part_name(key, who), number)
    return RecordedParts(found)
