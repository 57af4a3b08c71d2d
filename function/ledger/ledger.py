"""The ledger: ensures one mail for each event, across repeated deliveries and crashes at any point."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Concatenate, ParamSpec, TypeVar

from function.ledger.attempt import (
    Attempt,
    Claimed,
    Duplicate,
    Held,
    InDoubt,
    OwnedBy,
    Suppressed,
    TooLate,
    Verdict,
    evaluate_never_tried,
    evaluate_predecessor,
    evaluate_record,
)
from function.ledger.attributes import Item, read_value
from function.ledger.keys import feedback_key, message_key
from function.ledger.record import EventItem, Record, TimelineRow
from function.ledger.states import SETTLED_UNSENT, TRIED, UNTRIED, Action, State
from function.ledger.table import Contended, Refusal, Table
from function.ledger.writes.claims import ClaimRequests
from function.ledger.writes.feedback import FeedbackRequests
from function.ledger.writes.settlements import SettlementRequests
from function.reason_codes import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["CONTENDED_PAUSE", "Applied", "Ledger", "Writes"]

P = ParamSpec("P")
T = TypeVar("T")

#: How long to wait before retrying a claim that could not be decided, in milliseconds.
CONTENDED_PAUSE = 2_000


def _hold_if_contended(
    ask: Callable[Concatenate[Ledger, P], T],
) -> Callable[Concatenate[Ledger, P], T | Held]:
    """Turn Contended into Held, so that the delivery is retried later."""

    @functools.wraps(ask)
    def ask_or_hold(ledger: Ledger, /, *given: P.args, **named: P.kwargs) -> T | Held:
        try:
            return ask(ledger, *given, **named)
        except Contended:
            return Held(ledger.clock() + CONTENDED_PAUSE)

    return ask_or_hold


class Writes(ClaimRequests, SettlementRequests, FeedbackRequests):
    """All writes of the ledger, as requests."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """What feedback did: whether it `moved` the record, and whether it revealed that the mail was sent twice."""

    moved: bool
    sent_twice: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """Reads and writes records; the rules are in `states` and in the requests. `clock` returns epoch milliseconds."""

    table: Table
    writes: Writes
    clock: Callable[[], int]

    @_hold_if_contended
    def claim(self, attempt: Attempt) -> Verdict:
        """Claim the mail for this attempt, or return why not: the reason of the message first, then the event's, then
        the address's."""
        now = self.clock()
        refusal = self.table.write(self.writes.claim(attempt, now))
        if refusal and (record := _find_record(refusal)) and record.is_expired(now):
            refusal = self.table.write(self.writes.claim_expired(attempt, now))
        return Claimed(now + self.writes.hold) if refusal is None else self.explain_refusal(refusal, attempt, now)

    @_hold_if_contended
    def resend(self, attempt: Attempt, doubtful: Record) -> Verdict:
        """Claim a mail that the attempt in the record `doubtful` may have sent, or return what has changed since."""
        now = self.clock()
        refusal = self.table.write(self.writes.resend(attempt, doubtful, now))
        verdict = Claimed(now + self.writes.hold) if refusal is None else self.explain_refusal(refusal, attempt, now)
        return Held(now + CONTENDED_PAUSE) if isinstance(verdict, InDoubt) else verdict

    @_hold_if_contended
    def look(self, attempt: Attempt, over_waiting: bool = True) -> Verdict | None:
        """Return why `attempt` may not be settled without a claim (rejected), or None if it may. With `over_waiting`, a
        scheduled record may be settled too."""
        now = self.clock()
        item = self.table.get(message_key(attempt.message_id))
        if item is not None and not self._may_settle(record := Record.from_item(item), attempt, now, over_waiting):
            return evaluate_record(record, attempt, now)
        found = self.table.get(attempt.event_key) if attempt.event_key else None
        event = EventItem.from_item(found) if found else None
        before = attempt.predecessor.message_id if attempt.predecessor else None
        if event is None or event.message_id in (attempt.message_id, before) or event.is_expired(now):
            return None
        return _describe_owner(event, attempt)

    @_hold_if_contended
    def look_at_predecessor(self, attempt: Attempt, message_id: str) -> Record | Verdict:
        """Return the record of the message from which the event may be taken over, or why it may not."""
        record = self.read(message_id) or Record(message_id, State.RELEASED)
        if attempt.never_tried:
            return evaluate_never_tried(record, attempt) or record
        if record.state is State.COLLECTED and record.is_expired(self.clock()):
            return Record(message_id, State.RELEASED)
        if record.state is State.COLLECTED and not self.takes_events(record.window):
            return TooLate(record)
        return evaluate_predecessor(record, attempt, self.clock()) or record

    def takes_events(self, window: str | None) -> bool:
        """Whether a digest is still open, so that its events can change."""
        record = self.read(window) if window else None
        return record is not None and record.state is State.COLLECTING

    def tell_too_late(self, attempt: Attempt, owner: Record) -> bool:
        """Note on the timeline of the event's `owner`, whose mail was sent, that other content came; False if that is
        already noted."""
        reason = Reason(
            ReasonCode.CORRECTED_TOO_LATE, f"other content came as {attempt.message_id}, after the mail was sent"
        )
        row = TimelineRow.from_reason(reason, owner.state, self.clock(), self.writes.release)
        try:
            return not isinstance(self.table.update(self.writes.tell_corrected_too_late(attempt, owner, row)), Refusal)
        except Contended:
            return False

    # -- the owner's writes: if one is refused, feedback was faster or another attempt owns the record ---------------

    def record(self, attempt: Attempt, rows: Sequence[TimelineRow], provider_message_id: str) -> bool:
        """Record that a provider accepted the mail; `rows` are the providers tried, the accepting one last. Returns
        whether this revealed that the mail was sent twice."""
        answer = self.table.update(self.writes.record(attempt, rows, provider_message_id))
        known = _find_record(answer) if isinstance(answer, Refusal) else None
        if known and not _is_attempt_in(known, attempt, State.SENT):
            owns = known.owner == attempt.owner
            answer = self.table.update(
                self.writes.annotate(attempt, rows) if owns else self.writes.add_sender(attempt, rows[-1])
            )
        try:
            return not isinstance(answer, Refusal) and self._tell_sent_twice(Record.from_item(answer))
        except Contended:  # the next report notes it
            return False

    @_hold_if_contended
    def release(self, attempt: Attempt, row: TimelineRow) -> Record | Verdict:
        """Record that nothing was sent: the mail is free again; in doubt if an earlier attempt may have sent it;
        cancelled if a cancellation had come too late for this attempt."""
        answer = self.table.update(self.writes.release_claim(attempt, row))
        if isinstance(answer, Refusal) and _still_owns(answer, attempt):
            record = Record.from_item(answer.items[0] or {})
            if record.cancelled_by and record.at_risk <= 1:
                refusal = self.table.write(self.writes.withdraw(attempt, row, record))
                return Duplicate(State.CANCELLED) if refusal is None else self.explain_refusal(refusal, attempt, row.at)
            answer = self.table.update(self.writes.give_back(attempt, row, attempt.letter or attempt.owner))
        return self._read_answer(answer, attempt, State.RELEASED)

    def lose(self, attempt: Attempt, row: TimelineRow) -> Record | Verdict:
        """Record that the provider's answer was lost: held until feedback or the end of the hold."""
        return self._read_answer(self.table.update(self.writes.lose(attempt, row)), attempt, State.UNKNOWN)

    @_hold_if_contended
    def refuse(self, attempt: Attempt, row: TimelineRow) -> Verdict | None:
        """Record a permanent refusal by the provider. Returns None if the mail is rejected, or parked because an
        earlier attempt may have sent it."""
        refusal = self.table.write(self.writes.refuse(attempt, row))
        if refusal and _still_owns(refusal, attempt):
            answer = self.table.update(self.writes.give_back(attempt, row, attempt.owner))
            if not isinstance(answer, Refusal):
                return self.park(attempt, attempt.owner, row)
        known = _find_record(refusal) if refusal else None
        if known is None or _is_attempt_in(known, attempt, State.REJECTED):
            return None
        return evaluate_record(known, attempt, row.at)

    # -- without a claim -----------------------------------------------------------------------------------------

    @_hold_if_contended
    def reject(self, attempt: Attempt, row: TimelineRow) -> Verdict | None:
        """Settle a mail that will never be sent; None: done. Its dead letter was written before."""
        refusal = self.table.write(self.writes.reject(attempt, row))
        return None if refusal is None else self.explain_refusal(refusal, attempt, row.at)

    @_hold_if_contended
    def suppress(self, attempt: Attempt, row: TimelineRow, by: Suppressed | None = None) -> Verdict | None:
        """Settle a mail that is stopped `by` the suppression list or its reader, or that this deployment may not send;
        None: done.

        Returns `Claimed` if nothing stops the mail any more. If the reader unsubscribed, the event is not kept.
        """
        kept = replace(attempt, body=None) if by and by.choice else attempt
        refusal = self.table.write(self.writes.suppress(kept, row, by))
        if refusal and by and [item is None for item in refusal.items[:3]] == [True, True, False]:
            return Claimed(0)
        return None if refusal is None else self.explain_refusal(refusal, attempt, row.at)

    @_hold_if_contended
    def park(self, attempt: Attempt, doubtful: str, row: TimelineRow) -> Verdict | None:
        """Park the attempt `doubtful`, which may have sent the mail, for an operator; None: done."""
        refusal = self.table.write(self.writes.park(attempt, doubtful, row))
        return None if refusal is None else self.explain_refusal(refusal, attempt, row.at)

    # -- feedback ------------------------------------------------------------------------------------------------

    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None = None, attempt: str | None = None
    ) -> Applied:
        """Move a record to what the provider reported about `attempt`; any report means that it accepted the mail.

        Raises Contended: the report must be delivered again.
        """
        answer = self._apply(self.writes.apply_feedback(message_id, action, row, suppress, attempt), message_id)
        known = _find_record(answer) if isinstance(answer, Refusal) else None
        if known and known.is_expired(row.at):
            answer = self._apply(self.writes.apply_feedback_afresh(message_id, row, suppress, attempt), message_id)
        elif known and attempt and attempt not in known.sent_by:
            sender = Attempt(message_id, attempt)
            added = self.table.update(self.writes.add_sender(sender, row))
            return Applied(False, not isinstance(added, Refusal) and self._tell_sent_twice(Record.from_item(added)))
        record = known if isinstance(answer, Refusal) else Record.from_item(answer)
        return Applied(not isinstance(answer, Refusal), record is not None and self._tell_sent_twice(record))

    def _apply(self, requests: Sequence[Mapping[str, Any]], message_id: str) -> Item | Refusal:
        """Write, and return the record's item; a transaction does not return it, so it is read."""
        if len(requests) == 1 and "Update" in requests[0]:
            return self.table.update(requests[0]["Update"])
        return self.table.write(requests) or self.table.get(message_key(message_id)) or Refusal(({},))

    def _tell_sent_twice(self, record: Record) -> bool:
        """Note on the timeline that two attempts were accepted, or that a provider did try after reporting that it had
        not; False if neither is so or it is already noted."""
        after_all = record.never_tried is not None and record.state in TRIED
        if record.sent_twice or (len(record.sent_by) < 2 and not after_all):
            return False
        text = f"{len(record.sent_by)} attempts were accepted: it was sent twice"
        if after_all:
            text = f"the provider tried it after all: it may have been sent twice, here and as {record.successor}"
        reason = Reason(ReasonCode.SENT_TWICE, text)
        row = TimelineRow.from_reason(reason, record.state, self.clock(), self.writes.release)
        return not isinstance(self.table.update(self.writes.tell_sent_twice(record.message_id, row)), Refusal)

    def find_lagging_providers(self, record: Record) -> list[str]:
        """Return the providers that are not known to have reported twice on mails sent after the record's hold."""
        try:
            return [name for name in sorted(record.providers) if self._read_mark(name) < record.held_until]
        except Contended:
            return sorted(record.providers)

    def _read_mark(self, provider: str) -> int:
        item = self.table.get(feedback_key(provider)) or {}
        return int(read_value(item, "before", 0))

    def begin_probe(self, provider: str) -> bool:
        """Decide whether to probe the provider now: True unless another attempt did so recently."""
        try:
            return not isinstance(self.table.update(self.writes.begin_probe(provider, self.clock())), Refusal)
        except Contended:
            return False

    def mark_feedback(self, provider: str, sent: int) -> None:
        """Record that the provider reported on a mail that it was given at `sent` (epoch milliseconds). If the table is
        too busy, a later report will record it."""
        with suppress(Contended):
            self.table.update(self.writes.mark_feedback(provider, sent, self.clock()))

    def read(self, message_id: str) -> Record | None:
        """Read the record of a message, consistently."""
        item = self.table.get(message_key(message_id))
        return None if item is None else Record.from_item(item)

    def read_event(self, message_id: str) -> str | None:
        """Return the event of a message, if it is kept; an expired item counts as missing, since TTL deletes late."""
        record = self.read(message_id)
        item = self.table.get(record.event_key) if record and record.event_key else None
        event = EventItem.from_item(item) if item else None
        return None if event is None or event.is_expired(self.clock()) else event.text

    # -- verdicts -------------------------------------------------------------------------------------------------

    def explain_refusal(self, refusal: Refusal, attempt: Attempt, now: int) -> Verdict:
        """Explain why a transaction on message, event, address and predecessor was refused, in that order."""
        if record := _find_record(refusal):
            return evaluate_record(record, attempt, now, self.writes.resends)
        items = list(refusal.items[1:])
        if items and items[0]:
            return _describe_owner(EventItem.from_item(items[0]), attempt)
        moved = [items.pop() for _ in self.writes.supersede(attempt, now)]
        if attempt.predecessor and any(item is not None for item in moved):  # it has changed since it was read
            return OwnedBy(attempt.predecessor.message_id, same=False)
        address = next((item for item in items[1:] if item), {})
        return Suppressed(None if "since" in address else attempt.choice, read_value(address, "pk", ""))

    def _read_answer(self, answer: Item | Refusal, attempt: Attempt, done: State) -> Record | Verdict:
        if not isinstance(answer, Refusal):
            return Record.from_item(answer)
        known = _find_record(answer)
        if known is None:
            return Duplicate(done)
        return known if _is_attempt_in(known, attempt, done) else evaluate_record(known, attempt, self.clock())

    @staticmethod
    def _may_settle(record: Record, attempt: Attempt, now: int, over_waiting: bool) -> bool:
        named = record.state in SETTLED_UNSENT and attempt.letter == record.owner
        untried = record.state in UNTRIED and (over_waiting or record.state is not State.SCHEDULED)
        return untried or record.is_expired(now) or named


def _find_record(refusal: Refusal) -> Record | None:
    """Return the record of the message item, if that item's condition refused the write."""
    item = refusal.items[0]
    return Record.from_item(item) if item else None


def _describe_owner(event: EventItem, attempt: Attempt) -> OwnedBy:
    """Decide whether to continue as the event's owner: not with other content, and not if its mail is to be sent
    again."""
    same = event.digest is None or attempt.content_hash is None or event.digest == attempt.content_hash
    return OwnedBy(event.message_id, same and attempt.instead_of != event.message_id and not attempt.never_tried)


def _still_owns(refusal: Refusal, attempt: Attempt) -> bool:
    """Whether the attempt still owns the mail: then the write was refused only because of an earlier attempt with an
    unknown outcome."""
    record = _find_record(refusal)
    return record is not None and _is_attempt_in(record, attempt, State.SENDING)


def _is_attempt_in(record: Record, attempt: Attempt, state: State) -> bool:
    return record.owner == attempt.owner and record.state is state
