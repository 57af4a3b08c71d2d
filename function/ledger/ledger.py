"""The ledger: one mail for one event, whoever delivers it, how often, and wherever they die."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from function.ledger.attempt import Attempt, Claimed, Duplicate, Held, OwnedBy, Suppressed, Verdict, judge
from function.ledger.attributes import Item
from function.ledger.keys import message_key
from function.ledger.record import Record, Row
from function.ledger.states import OVER_THE_LETTERS_ATTEMPT, Action, State
from function.ledger.table import Contended, Refusal, Table
from function.ledger.writes import Writes
from function.runtime.lean_dataclass import dataclass

__all__ = ["Ledger"]

#: How long a claim that could not be judged waits before it is tried again, in milliseconds.
_CONTENDED_PAUSE = 2_000


@dataclass(frozen=True, slots=True)
class Ledger:
    """Reads and writes records; every rule is in `states` and `writes`. `clock` gives epoch milliseconds."""

    table: Table
    writes: Writes
    clock: Callable[[], int]

    def claim(self, attempt: Attempt) -> Verdict:
        """Take the mail for this attempt, or learn why not. Several reasons are judged message, event, address."""
        now = self.clock()
        try:
            refusal = self.table.write(self.writes.claim(attempt, now))
            if refusal and (record := _record(refusal)) and record.expired(now):
                refusal = self.table.write(self.writes.claim_expired(attempt, now))
        except Contended:
            return Held(now + _CONTENDED_PAUSE)
        if refusal is None:
            return Claimed(now + self.writes.hold)
        return self._judge(refusal, attempt, now)

    def look(self, attempt: Attempt) -> Verdict | None:
        """Why `attempt` may not be settled without a claim (rejected), or None if nothing stands in the way."""
        now = self.clock()
        item = self.table.get(message_key(attempt.message_id))
        if item is not None and not self._may_settle(record := Record.from_item(item), attempt, now):
            return judge(record, attempt, now)
        event = self.table.get(attempt.event_key) if attempt.event_key else None
        if event is None or event["message_id"]["S"] == attempt.message_id:
            return None
        expired = "expires_at" in event and int(event["expires_at"]["N"]) * 1000 <= now
        return None if expired else OwnedBy(event["message_id"]["S"])

    # -- the owner's writes: where one is refused, feedback was faster or another owner has it --------------------

    def record(self, attempt: Attempt, rows: Sequence[Row], provider_message_id: str) -> None:
        """A provider accepted the mail; `rows` are the providers tried, the accepting one last."""
        answer = self.table.update(self.writes.record(attempt, rows, provider_message_id))
        known = _record(answer) if isinstance(answer, Refusal) else None
        if known and not _is_attempt_in(known, attempt, State.SENT):
            self.table.update(self.writes.annotate(attempt, rows))

    def release(self, attempt: Attempt, row: Row) -> Record | Verdict:
        """Nothing was sent: the mail is free, or in doubt again where an earlier attempt may have sent it."""
        answer = self.table.update(self.writes.release_claim(attempt, row))
        if isinstance(answer, Refusal) and _still_owns(answer, attempt):
            answer = self.table.update(self.writes.give_back(attempt, row, attempt.letter or attempt.owner))
        return self._read_answer(answer, attempt, State.RELEASED)

    def lose(self, attempt: Attempt, row: Row) -> Record | Verdict:
        """The provider's answer was lost: held until feedback or the end of the hold."""
        return self._read_answer(self.table.update(self.writes.lose(attempt, row)), attempt, State.UNKNOWN)

    def refuse(self, attempt: Attempt, row: Row, event: str | bytes | None) -> Verdict | None:
        """The provider refused for good. None: rejected, or parked where an earlier attempt may have sent it."""
        refusal = self.table.write(self.writes.refuse(attempt, row, event))
        if refusal and _still_owns(refusal, attempt):
            answer = self.table.update(self.writes.give_back(attempt, row, attempt.owner))
            if not isinstance(answer, Refusal):
                return self.park(attempt, attempt.owner, row, event)
        known = _record(refusal) if refusal else None
        if known is None or _is_attempt_in(known, attempt, State.REJECTED):
            return None
        return judge(known, attempt, row.at)

    # -- without a claim -----------------------------------------------------------------------------------------

    def reject(self, attempt: Attempt, row: Row, event: str | bytes | None) -> Verdict | None:
        """Settle a mail that will never be; None: done. The letter has gone before."""
        refusal = self.table.write(self.writes.reject(attempt, row, event))
        return None if refusal is None else self._judge(refusal, attempt, row.at)

    def suppress(
        self, attempt: Attempt, row: Row, event: str | bytes | None, by: Suppressed | None = None
    ) -> Verdict | None:
        """Settle a mail that is stopped `by` the list or its reader, or that this deployment may not send; None: done.

        `Claimed` says that nothing stops it any more.
        """
        refusal = self.table.write(self.writes.suppress(attempt, row, event, by))
        if refusal and by and all(item is None for item in refusal.items[:-1]):
            return Claimed(0)
        return None if refusal is None else self._judge(refusal, attempt, row.at)

    def park(self, attempt: Attempt, doubtful: str, row: Row, event: str | bytes | None) -> Verdict | None:
        """Hand the attempt `doubtful`, which may have sent the mail, to a person; None: done."""
        refusal = self.table.write(self.writes.park(attempt, doubtful, row, event))
        return None if refusal is None else self._judge(refusal, attempt, row.at)

    # -- feedback ------------------------------------------------------------------------------------------------

    def apply_feedback(self, message_id: str, action: Action, row: Row, suppress: str | None = None) -> bool:
        """Move a record towards what the provider said; False: it knew as much already.

        Raises Contended: the feedback must come again.
        """
        requests = self.writes.apply_feedback(message_id, action, row, suppress)
        if len(requests) == 1:
            return not isinstance(self.table.update(requests[0]["Update"]), Refusal)
        return self.table.write(requests) is None

    def read(self, message_id: str) -> Record | None:
        """What is known of a message, as of now."""
        item = self.table.get(message_key(message_id))
        return None if item is None else Record.from_item(item)

    # -- judging -------------------------------------------------------------------------------------------------

    def _judge(self, refusal: Refusal, attempt: Attempt, now: int) -> Verdict:
        if record := _record(refusal):
            return judge(record, attempt, now)
        event = refusal.items[1] if len(refusal.items) > 1 else None
        if event:
            return OwnedBy(event["message_id"]["S"])
        address = next(item for item in refusal.items[2:] if item)
        return Suppressed(None if "since" in address else attempt.choice)

    def _read_answer(self, answer: Item | Refusal, attempt: Attempt, done: State) -> Record | Verdict:
        if not isinstance(answer, Refusal):
            return Record.from_item(answer)
        known = _record(answer)
        if known is None:
            return Duplicate(done)
        return known if _is_attempt_in(known, attempt, done) else judge(known, attempt, self.clock())

    @staticmethod
    def _may_settle(record: Record, attempt: Attempt, now: int) -> bool:
        named = record.state in OVER_THE_LETTERS_ATTEMPT and attempt.letter == record.owner
        return record.state is State.RELEASED or record.expired(now) or named


def _record(refusal: Refusal) -> Record | None:
    """The message item in the way, if the message is what refused."""
    item = refusal.items[0]
    return Record.from_item(item) if item else None


def _still_owns(refusal: Refusal, attempt: Attempt) -> bool:
    """Whether the attempt still owns the mail, so that only an earlier attempt of unknown fate refused the write."""
    record = _record(refusal)
    return record is not None and _is_attempt_in(record, attempt, State.SENDING)


def _is_attempt_in(record: Record, attempt: Attempt, state: State) -> bool:
    return record.owner == attempt.owner and record.state is state
