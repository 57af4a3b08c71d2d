"""Decides what to do next with one delivery, from the answers of the ledger and the provider. Pure; the courier
acts."""

from __future__ import annotations

from dataclasses import replace

from function.delivery.outcome import OutcomeKind
from function.errors import NotificationError, NotSent, OutcomeUnknown, RecipientNotAllowed, Rejected
from function.event.envelope import Delivery
from function.ledger.attempt import (
    Attempt,
    Claimed,
    Duplicate,
    Held,
    InDoubt,
    KeptForLater,
    PredecessorInDoubt,
    Suppressed,
    TooLate,
    Verdict,
)
from function.ledger.record import Record, TimelineRow
from function.ledger.states import IN_DOUBT, Action, State
from function.message.email import Email
from function.queues.retry_policy import RetryPolicy
from function.reason_codes import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = [
    "BUSY",
    "Decision",
    "DecisionContext",
    "Done",
    "Job",
    "Resend",
    "Retry",
    "Send",
    "Suppress",
    "TellTooLate",
    "WriteLetter",
    "decide",
    "decide_on_doubt",
    "give_up",
    "put_off",
]

_UNSUBSCRIBED = Reason(ReasonCode.RECIPIENT_UNSUBSCRIBED, "the reader has unsubscribed from mails of this category")
_SUPPRESSED = Reason(ReasonCode.RECIPIENT_SUPPRESSED, "the address is on the suppression list")
_MAY_HAVE_GONE = Reason(
    ReasonCode.MAY_HAVE_GONE,
    "the mail may have been sent: no answer and no feedback came; redrive it only if a second mail is acceptable",
)
_OUTDATED = Reason(
    ReasonCode.LETTER_OUTDATED,
    "the letter named a different attempt from the one that was rejected last; redrive it again",
)
_REPLACES_A_DOUBT = Reason(
    ReasonCode.MAY_HAVE_GONE,
    "the mail of an earlier publication with other content may have been sent; "
    "redrive this one only if a second mail is acceptable",
)
_NEEDS_A_YES = Reason(
    ReasonCode.MAY_HAVE_GONE, "a provider has accepted this mail before; redrive it only if a second mail is acceptable"
)
_HELD = Reason(ReasonCode.HELD_BY_ANOTHER, "held by another attempt")
_EARLIER = Reason(ReasonCode.SCHEDULED, "its time has almost come")
#: The clock skew that is tolerated, in milliseconds: an event that is early by less than this stays in the queue.
_EARLY = 900_000
BUSY = Reason(ReasonCode.LEDGER_BUSY, "the ledger was too busy to handle the delivery")


@dataclass(frozen=True, slots=True)
class Job:
    """The progress of one delivery: the attempt made for it, and its result so far.

    `deadline` is when the invocation ends, in epoch milliseconds. `email` is the mail while it may be sent; `error` is
    why there is no mail, or why it was not sent; `last_call` is the timeline row of the provider's last answer.
    """

    delivery: Delivery
    attempt: Attempt
    deadline: int
    email: Email | None = None
    error: NotificationError | None = None
    last_call: TimelineRow | None = None
    #: Metrics to count besides the outcome.
    also: tuple[str, ...] = ()
    #: Whether the attempt certainly sent nothing and the ledger was too busy to record that.
    untold: bool = False

    @property
    def receives(self) -> int:
        """How often the queue has delivered it; 0 if it did not come from a queue."""
        return self.delivery.item.receives if self.delivery.item else 0

    def with_message_id(self, message_id: str) -> Job:
        """Return the job under the MessageId of another message, which owns the event."""
        return replace(self, attempt=replace(self.attempt, message_id=message_id, predecessor=None))

    def with_predecessor(self, predecessor: Record) -> Job:
        """Return the job as one that takes the event over from another message."""
        return replace(self, attempt=replace(self.attempt, predecessor=predecessor))

    def with_verdict_on_unsent(self, known: Record | Verdict | None) -> Job:
        """Return the job after the attempt to record that nothing was sent, which may have failed because the ledger
        was busy."""
        return replace(self, untold=isinstance(known, Held) and not known.owner)

    @property
    def not_sent(self) -> str | None:
        """The message and attempt that the next delivery must record as not sent; None if that is recorded."""
        return f"{self.attempt.message_id} {self.attempt.owner}" if self.untold else None

    def with_metric(self, metric: str) -> Job:
        """Return the job with one more metric to count."""
        return replace(self, also=(*self.also, metric))


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """What every decision rests on besides the ledger's answer: the job, the policy of retries, and the time in epoch
    milliseconds."""

    job: Job
    policy: RetryPolicy
    now: int

    def has_waited_long_enough(self, record: Record) -> bool:
        """Whether reports about the record's mail, which may have been sent, have had a day to come."""
        return self.policy.is_exhausted(record.held_until, self.now, self.job.receives)

    def is_giving_up(self) -> bool:
        """Whether a delivery without a record was retried for a day, or has reached the last receive of the queue."""
        job, policy = self.job, self.policy
        sent_at = job.delivery.item.sent_at if job.delivery.item else 0
        tried = policy.is_exhausted(sent_at, self.now, job.receives) and policy.has_waited_for_a_day(job.receives)
        return tried or job.receives >= policy.receives

    def find_beginning(self, record: Record) -> int:
        """Return when the first try was made, in epoch milliseconds; a redrive or a new publication has a day of its
        own."""
        delivery = self.job.delivery
        anew = delivery.redriven or delivery.message_id != self.job.attempt.message_id
        came = delivery.item.sent_at if delivery.item else self.now
        return max(record.first_at, came) if anew else record.first_at

    def wait(self, reason: Reason) -> Retry:
        """Retry with growing waits, so that all receives together take longer than a day."""
        lost = isinstance(self.job.error, OutcomeUnknown)
        wait = self.policy.wait_after_receives(self.job.receives)
        return Retry(OutcomeKind.UNKNOWN if lost else OutcomeKind.HELD, reason, self.now + int(wait * 1000))


@dataclass(frozen=True, slots=True)
class Send:
    """The mail is claimed: give it to a provider, but start no call that could end after `until` (epoch
    milliseconds)."""

    email: Email
    until: int


@dataclass(frozen=True, slots=True)
class Resend:
    """The mail of the `doubtful` record may have been sent: send it once more if its providers have reported on later
    mails, else ask them for reports."""

    doubtful: Record


@dataclass(frozen=True, slots=True)
class TellTooLate:
    """The mail of the event's `owner` was sent with other content: note this on its timeline."""

    owner: Record


@dataclass(frozen=True, slots=True)
class WriteLetter:
    """Write a dead letter that names the attempt `names`, then apply `action` to the ledger (None: nothing)."""

    kind: OutcomeKind
    names: str
    reason: Reason
    attempts: int = 0
    action: Action | None = None
    #: The state shown in the timeline row that the action writes.
    state: State = State.REJECTED


@dataclass(frozen=True, slots=True)
class Suppress:
    """Settle the mail without a dead letter: `by` suppresses it; None: this deployment may not send it."""

    reason: Reason
    by: Suppressed | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Nothing more can be done now: retry `at` (epoch milliseconds)."""

    kind: OutcomeKind
    reason: Reason
    at: int


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do; `ms` and `provider` are those of the provider that accepted the mail."""

    kind: OutcomeKind
    detail: str = ""
    ms: int = 0
    provider: str = ""


Decision = Send | Resend | WriteLetter | Suppress | TellTooLate | Retry | Done


def decide(known: Record | Verdict, context: DecisionContext) -> Decision:
    """Decide by the ledger's answer: a verdict on a claim, or the record after the job's own write."""
    job = context.job
    match known:
        case Claimed(held_until) if job.email:
            return Send(job.email, min(held_until, job.deadline))
        case Suppressed(choice) if job.email:
            return Suppress(_UNSUBSCRIBED if choice else _SUPPRESSED, known)
        case InDoubt(record, True) if job.email:
            return Resend(record)
        case Duplicate() | InDoubt() | KeptForLater():
            return _leave_alone(known, context)
        case PredecessorInDoubt() | TooLate():
            return _decide_after_predecessor(known, context)
    return _decide_later(known, context)


def _decide_later(known: Record | Verdict, context: DecisionContext) -> Decision:
    error = context.job.error
    match known:
        case Record() if isinstance(error, NotSent):
            return _decide_after_not_sent(known, error, context)
        case Record(held_until=until, owner=owner) | Held(until, owner) if owner:
            return _retry(context, until, owner)
    return _retry_undecided(context)


def decide_on_doubt(record: Record, context: DecisionContext) -> Decision:
    """Decide for a mail in doubt that may not be sent once more yet: wait up to a day for reports."""
    if context.has_waited_long_enough(record):
        return _leave_alone(InDoubt(record), context)
    return context.wait(_HELD)


def _decide_after_predecessor(known: PredecessorInDoubt | TooLate, context: DecisionContext) -> Decision:
    """Decide for an event with changed content whose earlier message was sent or may have been sent."""
    job, record = context.job, known.record
    if isinstance(known, TooLate):
        return TellTooLate(record)
    if record.state not in IN_DOUBT:
        return WriteLetter(OutcomeKind.PARKED, job.attempt.owner, _NEEDS_A_YES)
    if record.parked or context.has_waited_long_enough(record):
        reason = _REPLACES_A_DOUBT if job.error is None else _explain_doubt(job.error)
        return WriteLetter(OutcomeKind.PARKED, job.attempt.owner, reason)
    return context.wait(_HELD)


def give_up(error: Rejected | RecipientNotAllowed, attempt: Attempt, attempts: int = 0) -> WriteLetter | Suppress:
    """End a mail that can never be sent: with a dead letter, or without one if only this deployment's allowlist stops
    it."""
    if isinstance(error, RecipientNotAllowed):
        return Suppress(error.reason)
    return WriteLetter(OutcomeKind.REJECTED, attempt.owner, error.reason, attempts, Action.REJECT)


def _leave_alone(known: Duplicate | InDoubt | KeptForLater, context: DecisionContext) -> Decision:
    job, now = context.job, context.now
    match known:
        case KeptForLater(window=window):
            return Done(OutcomeKind.COLLECTED, f"for {window}") if window else Done(OutcomeKind.SCHEDULED)
        case Duplicate(State.REJECTED, owner) if job.delivery.letter:
            # The dead letter may have been read before its own record was written, or be the last one left: keep it.
            return WriteLetter(OutcomeKind.PARKED, owner, _OUTDATED)
        case Duplicate(State.SCHEDULED) if job.delivery.item and (job.attempt.due or 0) - now < _EARLY:
            # The scheduler's clock is ahead of this one: retry when the time has come by this clock too.
            return Retry(OutcomeKind.HELD, _EARLIER, job.attempt.due or now)
        case Duplicate(State.CANCELLED) if isinstance(job.error, NotSent):
            return Done(OutcomeKind.CANCELLED, "cancelled before it was known that nothing was sent")
        case Duplicate(state):
            return Done(OutcomeKind.DUPLICATE, f"already {state}")
        case InDoubt(record):
            reason = _explain_doubt(job.error)
            return WriteLetter(OutcomeKind.PARKED, record.owner, reason, record.attempts, Action.PARK, record.state)


def _decide_after_not_sent(record: Record, error: NotSent, context: DecisionContext) -> Decision:
    job, policy, now = context.job, context.policy, context.now
    if policy.is_exhausted(context.find_beginning(record), now, job.receives):
        if record.state in IN_DOUBT:
            return _leave_alone(InDoubt(record), context)
        line = f"gave up after {record.attempts} attempts: {error}"
        return give_up(Rejected(line, ReasonCode.RETRIES_EXHAUSTED), job.attempt, record.attempts)
    wait = policy.wait_after(error, record.attempts)
    return Retry(OutcomeKind.RELEASED, error.reason, now + int(wait * 1000))


def _retry(context: DecisionContext, at: int, owner: str) -> Decision:
    """Retry when the hold of the attempt `owner` is over."""
    job = context.job
    lost = isinstance(job.error, OutcomeUnknown)
    reason = job.error.reason if job.error and lost else _HELD
    if job.receives >= context.policy.receives:
        return _park_unsettled(reason, owner)
    return Retry(OutcomeKind.UNKNOWN if lost else OutcomeKind.HELD, reason, at)


def put_off(error: NotSent, context: DecisionContext) -> Decision:
    """Decide what to do if an attachment could not be read before the claim: retry with growing waits; after a day, or
    on the last receive, write a dead letter with the reason."""
    job = context.job
    if context.is_giving_up():
        line = f"gave up after {max(job.receives, 1)} tries: {error}"
        return give_up(Rejected(line, ReasonCode(error.reason.code)), job.attempt)
    wait = context.policy.wait_after_receives(job.receives)
    return Retry(OutcomeKind.RELEASED, error.reason, context.now + int(wait * 1000))


def _retry_undecided(context: DecisionContext) -> Decision:
    """Retry with growing waits while the ledger is too busy; after a day, or on the last receive, write a dead letter
    that says so."""
    job = context.job
    if job.receives >= context.policy.receives:
        return _park_unsettled(BUSY, job.attempt.owner)
    if context.is_giving_up():
        return WriteLetter(OutcomeKind.PARKED, job.attempt.owner, Reason(BUSY.code, f"{BUSY.text}, for a day"))
    return context.wait(BUSY)


def _park_unsettled(reason: Reason, owner: str) -> WriteLetter:
    last = Reason(reason.code, f"{reason.text}, and the queue does not deliver it again")
    return WriteLetter(OutcomeKind.PARKED, owner, last)


def _explain_doubt(error: NotificationError | None) -> Reason:
    """Return the reason for the dead letter of a mail that may have been sent, with the error that would stop it now,
    if any."""
    if not isinstance(error, Rejected | RecipientNotAllowed):
        return _MAY_HAVE_GONE
    return Reason(ReasonCode.MAY_HAVE_GONE, f"the mail may have been sent, and now: {error}")
