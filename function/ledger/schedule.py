"""Scheduled and cancelled events: the ledger's own index of due records.

An event with the extension `sendat` is one record like any other. Until its time the record is `scheduled`, and two
attributes, `due` and `due_at`, put it into a sparse index of the same table; a claim, a settlement, a supersession and
a cancellation remove them in the same write. Once a minute `scheduler` reads the index and puts a reference to each due
record into the queue `retry`; that is an ordinary delivery, and the claim decides.

- A delivery that comes before its event's time writes message (`scheduled`, with its attributes for the index) and
  event (with its body), if the record is free, released, or owned by the attempt that a dead letter names. After a
  crash the record still waits.
- The scheduler puts a reference into `retry`, then sets `due_at` an hour later (each time more), if the record is still
  scheduled and `due_at` is unchanged; `scheduled_for` keeps the event's own time. A crash between the two, or a second
  scheduler, leads to a second reference; the claim lets only one of them send. If a reference is lost, the next one
  follows when `due_at` has passed.
- The delivery at that time claims the mail, or settles it without a claim. A crash is handled as after any claim.
- `mail.cancel` writes message (`cancelled`, out of the index) and event (without its body), if the mail is scheduled,
  released, rejected or suppressed. After a crash, its next delivery finds it done.
- `mail.cancel` of an event collected for a digest does the same and takes it out of the digest. If the digest is closed
  (`digest_windows.py`), it is too late.
- `mail.cancel` of an event that the ledger does not know writes a message of its own, `cancelled`, which owns the
  event. When the event is published later, its owner is a cancelled mail.
- `mail.cancel` of a mail that was sent, or may have been, writes a timeline row and `cancelled_by`, once. If its owner
  finds out that nothing was sent, the record becomes `cancelled` (withdrawn), not free again.

Cancelling and claiming write the same item under mutually exclusive conditions, so one of the two comes first. A
cancellation of a claimed mail waits until its hold ends. A cancelled event stays cancelled, even if it is corrected
later.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from function.ledger.attempt import FARTHEST, Attempt, Duplicate, Held, KeptForLater, Verdict
from function.ledger.attributes import Item, deserialize, serialize
from function.ledger.keys import DUE_INDEX, DUE_SHARDS, event_key, message_key
from function.ledger.ledger import CONTENDED_PAUSE, Ledger, Writes
from function.ledger.record import EventItem, Record, TimelineRow
from function.ledger.states import ACCEPTED, IN_DOUBT, Action, State
from function.ledger.table import Contended, Refusal
from function.ledger.writes.requests import (
    APPEND,
    UNSCHEDULE,
    WriteRequest,
    build_source_condition,
    build_state_condition,
    update,
)
from function.reason_codes import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["Cancelled", "Due", "Schedule", "TooLateToCancel", "cancel_record"]

#: Records read from one partition before the next one's turn, so that each partition gets its turn within a run.
_PAGE = 100
#: Limits of the milliseconds until the next reference to a record; within them it is as long as the record is overdue.
_SOONEST, _LATEST = 3_600_000, 86_400_000
#: How often the event's owner may change during a cancellation.
_HOPS = 4
#: The states in the index: mails waiting for their time, and digests waiting for the end of their window.
_WAITING = (State.SCHEDULED, State.COLLECTING)
#: The mail was sent, or may have been and its hold is over; or its digest is closed.
_TOO_LATE = (
    f"{build_state_condition(sorted(ACCEPTED | {State.COLLECTED}))} "
    f"OR ({build_state_condition(sorted(IN_DOUBT))} AND #held_until <= :now)"
)


@dataclass(frozen=True, slots=True)
class Due:
    """A record that is due; `due_at` is its sort key in the index, in epoch milliseconds."""

    message_id: str
    due_at: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The mail of the message will not be sent; `ahead` says that its event had not come yet."""

    message_id: str
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class TooLateToCancel:
    """The mail of `record` was sent, or may have been; `noted` says that this attempt noted the cancellation on its
    timeline."""

    record: Record
    noted: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """Keeps, finds and cancels scheduled events in `ledger`."""

    ledger: Ledger

    def keep(self, attempt: Attempt) -> Verdict:
        """Keep the event of `attempt` until it is due, or return why not."""
        now, due = self.ledger.clock(), attempt.due or 0
        row = TimelineRow.from_reason(_describe_wait(due), State.SCHEDULED, now, self.ledger.writes.release)
        place: dict[str, object] = {"due": find_shard(attempt.message_id), "due_at": due, "scheduled_for": due}
        try:
            refusal = self.ledger.table.write(self.ledger.writes.settle(attempt, row, Action.SCHEDULE, also=place))
        except Contended:
            return Held(now + CONTENDED_PAUSE)
        verdict = KeptForLater(due) if refusal is None else self.ledger.explain_refusal(refusal, attempt, now)
        own = isinstance(verdict, Duplicate) and verdict.state is State.SCHEDULED and verdict.owner == attempt.owner
        return KeptForLater(due) if own else verdict

    def find_due(self, now: int) -> Iterator[Due]:
        """Yield the records due at `now` (epoch milliseconds), earliest first within each partition. The index is
        eventually consistent.

        Reads one page of each partition in turn and begins with another partition each minute, so that a long partition
        does not delay the others.
        """
        first = now // 60_000
        requests = [self._query_due(str((first + turn) % DUE_SHARDS), now) for turn in range(DUE_SHARDS)]
        while requests:
            rest = []
            for request in requests:
                page = self.ledger.table.client.query(**request)
                for item in page["Items"]:
                    yield Due(deserialize(item["pk"]).removeprefix(message_key("")), deserialize(item["due_at"]))
                if page.get("LastEvaluatedKey"):
                    rest.append(request | {"ExclusiveStartKey": page["LastEvaluatedKey"]})
            requests = rest

    def _query_due(self, shard: str, now: int) -> dict[str, Any]:
        return {
            "TableName": self.ledger.table.name,
            "IndexName": DUE_INDEX,
            "KeyConditionExpression": "#due = :due AND #due_at <= :now",
            "ExpressionAttributeNames": {"#due": "due", "#due_at": "due_at"},
            "ExpressionAttributeValues": {":due": serialize(shard), ":now": serialize(now)},
            "Limit": _PAGE,
        }

    def put_off(self, found: Due) -> None:
        """Set a later `due_at`, if the record is still waiting and its `due_at` is unchanged."""
        with suppress(Contended):  # then it is queued again in a minute
            now = self.ledger.clock()
            answer = self._put_off(found, now + _SOONEST, " AND #scheduled_for > :late", now - _SOONEST)
            record = Record.from_item(answer.items[0]) if isinstance(answer, Refusal) and answer.items[0] else None
            if record and record.state in _WAITING and record.due_at == found.due_at:
                wait = min(max(now - (record.scheduled_for or found.due_at), _SOONEST), _LATEST)
                self._put_off(found, now + wait)

    def _put_off(self, found: Due, later: int, also: str = "", late: int = 0) -> Item | Refusal:
        values = {"seen": found.due_at, "later": later, "late": late}
        condition = f"{build_state_condition(_WAITING)} AND #due_at = :seen{also}"
        key = message_key(found.message_id)
        return self.ledger.table.update(update(self.ledger.table.name, key, "SET #due_at = :later", condition, values))

    def cancel(
        self, attempt: Attempt, source: str, id_: str
    ) -> Cancelled | TooLateToCancel | Held | Duplicate | Record:
        """Cancel the mail of the event `source` and `id_`; `attempt` is the cancellation's own. Returns a record if the
        event has several recipients: each recipient's mail must be cancelled separately."""
        key = event_key(source, id_)
        now = self.ledger.clock()
        try:
            for _ in range(_HOPS):
                found = self.ledger.table.get(key)
                event = EventItem.from_item(found) if found else None
                answer: Cancelled | TooLateToCancel | Held | Duplicate | Record | None
                if event is None or event.is_expired(now):
                    answer = self._cancel_ahead(replace(attempt, event_key=key, source=source, id=id_), now)
                else:
                    answer = self._cancel_known(attempt, event.message_id, key, now)
                if answer is not None:
                    return answer
        except Contended:
            pass
        return Held(now + CONTENDED_PAUSE)

    def cancel_erased(self, record: Record, owner: str) -> None:
        """Cancel the mail of `record`, whose event was erased while it waited. Raises Contended."""
        reason = Reason(ReasonCode.CANCELLED, "its event was erased while it waited")
        now, key = self.ledger.clock(), record.event_key or ""
        self.ledger.table.write(self._request(Attempt(record.message_id, owner), record, key, reason, now))

    def _cancel_ahead(self, attempt: Attempt, now: int) -> Cancelled | Duplicate | None:
        """Cancel an event that has not come yet; None if it has come meanwhile. The record outlives the farthest
        `sendat`."""
        reason = Reason(ReasonCode.CANCELLED, f"cancelled by {attempt.message_id}, before its event came")
        row = TimelineRow.from_reason(reason, State.CANCELLED, now, self.ledger.writes.release)
        kept = replace(attempt, due=now + FARTHEST)
        refusal = self.ledger.table.write(self.ledger.writes.settle(kept, row, Action.CANCEL))
        if refusal is None:
            return Cancelled(attempt.message_id, ahead=True)
        return Duplicate(State.CANCELLED) if refusal.items[0] else None

    def _cancel_known(
        self, attempt: Attempt, message_id: str, key: str, now: int
    ) -> Cancelled | TooLateToCancel | Held | Duplicate | Record | None:
        """Cancel the mail of a known event; None if the event's owner or its state has changed meanwhile."""
        record = self.ledger.read(message_id)
        if record is None or record.is_expired(now):
            record = Record(message_id, State.RELEASED)
        if record.parted_by:
            return record
        if record.state is State.CANCELLED:
            return Duplicate(record.state, record.owner)
        if held := self._wait(record, now):
            return held
        closed = record.state is State.COLLECTED and not self.ledger.takes_events(record.window)
        if closed or record.state in ACCEPTED or record.state in IN_DOUBT:
            return self._tell_too_late(attempt, record, now)
        reason = Reason(ReasonCode.CANCELLED, f"cancelled by {attempt.message_id}")
        refusal = self.ledger.table.write(self._request(attempt, record, key, reason, now))
        return Cancelled(message_id) if refusal is None else None

    def _wait(self, record: Record, now: int) -> Held | None:
        return Held(record.held_until, record.owner) if record.is_held(now) else None

    def _request(self, attempt: Attempt, record: Record, key: str, reason: Reason, now: int) -> list[WriteRequest]:
        return cancel_record(self.ledger.writes, attempt, record, key, reason, now)

    def _tell_too_late(self, attempt: Attempt, record: Record, now: int) -> TooLateToCancel | None:
        if record.cancelled_by:
            return TooLateToCancel(record, noted=False)
        late = "after its digest was closed" if record.state is State.COLLECTED else "after the mail was sent"
        late += " or may have been" if record.state in IN_DOUBT else ""
        reason = Reason(ReasonCode.CANCELLED_TOO_LATE, f"cancelled by {attempt.message_id}, {late}")
        row = TimelineRow.from_reason(reason, record.state, now, self.ledger.writes.release)
        answer = self.ledger.table.update(
            self.ledger.writes.update_message(
                Attempt(record.message_id, attempt.owner),
                now,
                f"SET #cancelled_by = :by, {APPEND}",
                f"({_TOO_LATE}) AND attribute_not_exists(#cancelled_by)",
                row,
                {"by": attempt.message_id},
            )
        )
        return None if isinstance(answer, Refusal) else TooLateToCancel(record, noted=True)


def cancel_record(
    writes: Writes, attempt: Attempt, record: Record, key: str, reason: Reason, now: int
) -> list[WriteRequest]:
    """The transaction that cancels a mail of which nothing was sent, and removes the body from the event item `key`.

    Both items are kept at least as long as before. An event that was collected when its record was read is taken out of
    its digest, if the digest is still open.
    """
    collected = record.state is State.COLLECTED
    action = Action.CANCEL_COLLECTED if collected else Action.CANCEL
    expires_at = max(writes.expire_at(now), record.expires_at or 0)
    row = TimelineRow.from_reason(reason, State.CANCELLED, now, writes.release)
    message = writes.update_message(
        Attempt(record.message_id, attempt.owner),
        now,
        "SET #state = :cancelled, #owner = :owner, #reason = :reason, #reason_code = :reason_code, "
        f"#expires_at = :expires_at, {APPEND} REMOVE #first_at{UNSCHEDULE}",
        f"attribute_not_exists(#pk) OR #expires_at <= :now_s OR {build_source_condition(action)}",
        row,
        {"reason": reason.text, "reason_code": reason.code, "expires_at": expires_at},
    )
    left = [{"Update": writes.leave_window(record)}] if collected else []
    return [{"Update": message}, {"Update": writes.drop_body(record, key, expires_at)}, *left]


def find_shard(message_id: str) -> str:
    """Return the partition of the index for a message."""
    return str(zlib.crc32(message_id.encode()) % DUE_SHARDS)


def _describe_wait(due: int) -> Reason:
    return Reason(ReasonCode.SCHEDULED, f"kept until {datetime.fromtimestamp(due / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC")
