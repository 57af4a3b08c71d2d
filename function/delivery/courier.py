"""The road of one delivery: read, validate, render, claim, send, record.

Everything that can fail by itself comes before the claim, so that a claimed record means one thing only: the mail may
be leaving.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from function.delivery.outcome import Outcome, OutcomeKind
from function.errors import NotificationError, NotSent, OutcomeUnknown, RecipientNotAllowed, Rejected
from function.event.compression import compress_for_record, decompress
from function.event.envelope import Delivery
from function.ledger import (
    Attempt,
    Claimed,
    Duplicate,
    Held,
    InDoubt,
    Ledger,
    OwnedBy,
    Record,
    Row,
    State,
    Suppressed,
    Verdict,
)
from function.message.builder import Draft, EmailBuilder
from function.message.email import Email, Receipt
from function.providers.failover import Failover, ProviderCall, SendResult
from function.queues.dead_letter import Letter, write_letter
from function.queues.retry_policy import RetryPolicy
from function.reasons import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["Courier", "DeadLetters"]

#: An event can be owned by a message whose event item has since gone to another: rare, and bounded.
_HOPS = 3
_SOON = 2_000
_UNSUBSCRIBED = Reason(ReasonCode.RECIPIENT_UNSUBSCRIBED, "the reader has unsubscribed from mails of this category")
_SUPPRESSED = Reason(ReasonCode.RECIPIENT_SUPPRESSED, "the address is on the suppression list")
_MAY_HAVE_GONE = Reason(
    ReasonCode.MAY_HAVE_GONE,
    "the mail may have gone: no answer and no feedback came; redrive it only if a second is welcome",
)
_OUTDATED = Reason(
    ReasonCode.LETTER_OUTDATED,
    "the letter named another attempt than the one that was rejected last; redrive it again",
)
_HELD = Reason(ReasonCode.HELD_BY_ANOTHER, "held by another")


class DeadLetters(Protocol):
    """Where letters for a person go."""

    def put(self, letter: Letter) -> None:
        """Keep the letter; raises if that is not certain."""


@dataclass(frozen=True, slots=True)
class Courier:
    """Takes deliveries to their end. `clock` gives epoch milliseconds; `owner` a name for an attempt, never twice."""

    builder: EmailBuilder
    ledger: Ledger
    failover: Failover
    dead: DeadLetters
    retry_policy: RetryPolicy
    release: str
    clock: Callable[[], int]
    owner: Callable[[], str]

    def deliver(self, delivery: Delivery, deadline: int) -> Outcome:
        """Turn a delivery into its mail, or say what became of it.

        `deadline` is when this invocation ends. Raises only what nobody foresaw: DynamoDB or SQS out of reach, a bug.
        """
        if delivery.in_ledger:
            delivery = replace(delivery, body=self._from_ledger(delivery.message_id), in_ledger=False)
        received = self.clock()
        attempt = Attempt(
            delivery.message_id,
            self.owner(),
            letter=delivery.letter,
            confirmed=delivery.confirmed,
            received=received,
        )
        draft = self.builder.begin(delivery)
        outcome = self._build(delivery, draft, attempt, deadline)
        return replace(outcome, synthetic=True) if draft.synthetic else outcome

    def _build(self, delivery: Delivery, draft: Draft, attempt: Attempt, deadline: int) -> Outcome:
        try:
            email = self.builder.finish(draft, in_time_only=delivery.letter is None)
        except Rejected as error:
            return self._reject(delivery, draft.identify(attempt), error.reason)
        except RecipientNotAllowed as error:
            return self._bar(delivery, draft.identify(attempt), error.reason)
        return self._carry(delivery, draft.identify(attempt), email, deadline)

    # -- with a mail in hand --------------------------------------------------------------------------------------

    def _carry(self, delivery: Delivery, attempt: Attempt, email: Email, deadline: int) -> Outcome:
        verdict: Verdict = OwnedBy(attempt.message_id)
        for _ in range(_HOPS):
            if not isinstance(verdict, OwnedBy):
                break
            attempt = replace(attempt, message_id=verdict.message_id)
            verdict = self.ledger.claim(attempt)
        match verdict:
            case Claimed(held_until):
                return self._send(delivery, attempt, email, min(held_until, deadline))
            case Suppressed():
                return self._suppress(delivery, attempt, verdict)
        return self._settled(delivery, attempt, verdict)

    def _send(self, delivery: Delivery, attempt: Attempt, email: Email, until: int) -> Outcome:
        result = self.failover.send(email, attempt.message_id, until)
        outcome = result.outcome
        match outcome:
            case Receipt():
                self.ledger.record(attempt, self._rows(result, State.SENT), outcome.message_id)
                ms = result.tries[-1].ms
                return Outcome(OutcomeKind.SENT, attempt.message_id, attempt.type, ms=ms, provider=outcome.provider)
            case NotSent():
                return self._not_sent(delivery, attempt, result, outcome)
            case OutcomeUnknown():
                known = self.ledger.lose(attempt, self._rows(result, State.UNKNOWN)[-1])
                return self._again(delivery, attempt, known, OutcomeKind.UNKNOWN, outcome.reason)
        return self._refused(delivery, attempt, result, outcome)

    def _not_sent(self, delivery: Delivery, attempt: Attempt, result: SendResult, error: NotSent) -> Outcome:
        known = self.ledger.release(attempt, self._rows(result, State.RELEASED)[-1])
        if not isinstance(known, Record):
            return self._settled(delivery, attempt, known)
        receives = delivery.item.receives if delivery.item else 0
        now = self.clock()
        if known.state is State.RELEASED and self.retry_policy.exhausted(known.first_at, now, receives):
            reason = Reason(ReasonCode.RETRIES_EXHAUSTED, f"gave up after {known.attempts} attempts: {error}")
            return self._reject(delivery, attempt, reason, known.attempts)
        wait = self.retry_policy.after(error, known.attempts)
        return self._outcome(OutcomeKind.RELEASED, attempt, error.reason, now + int(wait * 1000))

    def _refused(self, delivery: Delivery, attempt: Attempt, result: SendResult, error: NotificationError) -> Outcome:
        row = self._rows(result, State.REJECTED)[-1]
        self._letter(delivery, attempt, attempt.owner, error.reason, 1)
        verdict = self.ledger.refuse(attempt, row, compress_for_record(delivery.body))
        if verdict is not None:
            return self._settled(delivery, attempt, verdict)
        return self._outcome(OutcomeKind.REJECTED, attempt, error.reason)

    # -- without a claim ------------------------------------------------------------------------------------------

    def _reject(self, delivery: Delivery, attempt: Attempt, reason: Reason, attempts: int = 0) -> Outcome:
        attempt, verdict = self._find_owner(attempt)
        if verdict is None:
            self._letter(delivery, attempt, attempt.owner, reason, attempts)
            row = Row(State.REJECTED, self.clock(), self.release, detail=reason.text, reason_code=reason.code)
            verdict = self.ledger.reject(attempt, row, compress_for_record(delivery.body))
            delivery = replace(delivery, letter=None)
        if verdict is None:
            return self._outcome(OutcomeKind.REJECTED, attempt, reason)
        return self._settled(delivery, attempt, verdict, reason)

    def _bar(self, delivery: Delivery, attempt: Attempt, reason: Reason) -> Outcome:
        """Not to be mailed by this deployment: kept like a suppressed mail, without a letter that raises an alarm."""
        attempt, verdict = self._find_owner(attempt)
        if verdict is None:
            row = Row(State.SUPPRESSED, self.clock(), self.release, detail=reason.text, reason_code=reason.code)
            verdict = self.ledger.suppress(attempt, row, compress_for_record(delivery.body))
        if verdict is None:
            return self._outcome(OutcomeKind.SUPPRESSED, attempt, reason)
        return self._settled(delivery, attempt, verdict, reason)

    def _find_owner(self, attempt: Attempt) -> tuple[Attempt, Verdict | None]:
        """The attempt in the name of the message that owns the event, and what stands in the way of settling it."""
        verdict = self.ledger.look(attempt)
        for _ in range(_HOPS):
            if not isinstance(verdict, OwnedBy):
                break
            attempt = replace(attempt, message_id=verdict.message_id)
            verdict = self.ledger.look(attempt)
        return attempt, verdict

    def _suppress(self, delivery: Delivery, attempt: Attempt, by: Suppressed) -> Outcome:
        reason = _UNSUBSCRIBED if by.choice else _SUPPRESSED
        row = Row(State.SUPPRESSED, self.clock(), self.release, detail=reason.text, reason_code=reason.code)
        verdict = self.ledger.suppress(attempt, row, compress_for_record(delivery.body), by)
        if verdict is None:
            return self._outcome(OutcomeKind.SUPPRESSED, attempt, reason)
        return self._settled(delivery, attempt, verdict)

    def _park(self, delivery: Delivery, attempt: Attempt, record: Record, why: Reason | None) -> Outcome:
        """Hand a mail that may have gone to a person: the letter first, then the mark on the record."""
        reason = (
            Reason(ReasonCode.MAY_HAVE_GONE, f"the mail may have gone, and now: {why.text}") if why else _MAY_HAVE_GONE
        )
        self._letter(delivery, attempt, record.owner, reason, record.attempts)
        row = Row(record.state, self.clock(), self.release, detail=reason.text, reason_code=reason.code)
        self.ledger.park(attempt, record.owner, row, compress_for_record(delivery.body))
        return self._outcome(OutcomeKind.PARKED, attempt, reason)

    def _settled(self, delivery: Delivery, attempt: Attempt, verdict: Verdict, why: Reason | None = None) -> Outcome:
        match verdict:
            case Duplicate(State.REJECTED, owner) if delivery.letter:
                return self._put_back(delivery, attempt, owner)
            case Duplicate(state):
                return Outcome(OutcomeKind.DUPLICATE, attempt.message_id, attempt.type, f"already {state}")
            case InDoubt(record):
                return self._park(delivery, attempt, record, why)
        return self._again(delivery, attempt, verdict, OutcomeKind.HELD, _HELD)

    def _put_back(self, delivery: Delivery, attempt: Attempt, owner: str) -> Outcome:
        """A letter that does not name the attempt of a rejected record may have been read before its own record was
        written, or be the last one there is: only what was mailed is thrown away."""
        reason = _OUTDATED
        self._letter(delivery, attempt, owner, reason)
        return self._outcome(OutcomeKind.PARKED, attempt, reason)

    def _letter(self, delivery: Delivery, attempt: Attempt, names: str, reason: Reason, attempts: int = 0) -> None:
        """Write to a person, in the name of the message that owns the event; the letter `names` an attempt of it."""
        owned = replace(delivery, message_id=attempt.message_id)
        self.dead.put(write_letter(owned, names, reason, self.release, attempts))

    def _from_ledger(self, message_id: str) -> str:
        record = self.ledger.read(message_id)
        event = record.event if record else None
        return decompress(event) if isinstance(event, bytes) else event or ""

    # -- coming back ----------------------------------------------------------------------------------------------

    def _again(
        self, delivery: Delivery, attempt: Attempt, known: Record | Verdict, kind: OutcomeKind, detail: Reason
    ) -> Outcome:
        match known:
            case Duplicate() | InDoubt():
                return self._settled(delivery, attempt, known)
            case Record(held_until=until, owner=owner) | Held(until=until, owner=owner):
                pass
            case _:
                until, owner = self.clock() + _SOON, ""
        if delivery.item and delivery.item.receives >= self.retry_policy.receives:
            reason = Reason(ReasonCode.HELD_BY_ANOTHER, f"{detail.text}, and the queue hands it out no more")
            self._letter(delivery, attempt, owner or attempt.owner, reason)
            return self._outcome(OutcomeKind.PARKED, attempt, reason)
        return self._outcome(kind, attempt, detail, until)

    def _outcome(self, kind: OutcomeKind, attempt: Attempt, detail: Reason, retry_at: int | None = None) -> Outcome:
        return Outcome(kind, attempt.message_id, attempt.type, detail.text, retry_at)

    def _rows(self, result: SendResult, last: State) -> list[Row]:
        """The tries as timeline rows: the last has the state that the mail is in now, those before sent nothing."""
        rows = [self._row(attempt, State.RELEASED) for attempt in result.tries]
        if not rows:
            code = _code(result.outcome)
            rows = [Row(last, self.clock(), self.release, detail=str(result.outcome), reason_code=code)]
        return [*rows[:-1], replace(rows[-1], state=last)]

    def _row(self, tried: ProviderCall, state: State) -> Row:
        detail = None if tried.error is None else str(tried.error)[:200]
        return Row(state, tried.at + tried.ms, self.release, tried.provider, tried.ms, detail, _code(tried.error))


def _code(outcome: object) -> str | None:
    return outcome.reason.code if isinstance(outcome, NotificationError) else None
