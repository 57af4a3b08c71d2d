"""Takes one delivery through its steps: read, validate, render, claim, send, record.

Everything that can fail by itself comes before the claim, so a claimed record means one thing only: the mail may be on
its way. `decision` says what to do next; the courier does it and asks again until nothing is left to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from function.delivery.decision import (
    BUSY,
    Decision,
    DecisionContext,
    Done,
    Job,
    Resend,
    Retry,
    Send,
    Suppress,
    TellTooLate,
    WriteLetter,
    decide,
    decide_on_doubt,
    give_up,
    put_off,
)
from function.delivery.outcome import Outcome, OutcomeKind
from function.delivery.stored_event_resolution import resolve_stored_event
from function.errors import (
    AttachmentUnavailable,
    InvalidEvent,
    NotSent,
    OutcomeUnknown,
    RecipientNotAllowed,
    Rejected,
    SchedulingOff,
)
from function.event.cloudevent import Event
from function.event.envelope import Delivery
from function.ledger.attempt import Attempt, Claimed, Duplicate, Held, InDoubt, OwnedBy, RecordedParts, Verdict
from function.ledger.ledger import Ledger
from function.ledger.record import Record, TimelineRow
from function.ledger.states import Action, State
from function.ledger.table import Contended
from function.message.builder import Draft, EmailBuilder
from function.message.email import Receipt
from function.providers.failover import Failover, note_calls
from function.queues.dead_letter import DeadLetters, write_letter
from function.queues.retry_policy import RetryPolicy
from function.reason_codes import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import CORRECTED_TOO_LATE, RESENT, SENT_TWICE

if TYPE_CHECKING:
    from function.delivery.attachments import Attachments
    from function.delivery.fan_out import RecipientFanOut
    from function.delivery.scheduling import Scheduling
    from function.delivery.tracing import DeliveryTracing
    from function.message.addressing.tenant import Tenant

__all__ = ["Courier"]

T = TypeVar("T")

_UNTOLD = Reason(ReasonCode.LEDGER_BUSY, "nothing was sent; the ledger was too busy to record it at once")
#: How often the owner of an event is followed: its event item may have passed to another message. Rare, and bounded.
_HOPS = 3


@dataclass(frozen=True, slots=True)
class Courier:
    """Processes deliveries until nothing is left to do. `clock` returns epoch milliseconds; `owner` returns a unique
    name for an attempt."""

    builder: EmailBuilder
    ledger: Ledger
    failover: Failover
    dead: DeadLetters
    retry_policy: RetryPolicy
    release: str
    clock: Callable[[], int]
    owner: Callable[[], str]
    #: Keeps events that are to be sent later, if scheduling is on.
    scheduling: Scheduling | None = None
    #: Makes spans of deliveries, if tracing is on.
    tracing: DeliveryTracing | None = None
    #: Fetches attachments, if this deployment allows any.
    attachments: Attachments | None = None
    #: Splits events with several recipients, if a notification allows them.
    fan_out: RecipientFanOut | None = None

    def deliver(self, delivery: Delivery, deadline: int) -> Outcome:
        """Turn a delivery into a mail, or return why there is none.

        `deadline` is when this invocation ends, in epoch milliseconds. Raises only unexpected errors: DynamoDB or SQS
        unavailable, a bug.
        """
        if not delivery.in_ledger:
            return self._deliver(delivery, deadline)
        try:
            found = resolve_stored_event(delivery, self.ledger, self.scheduling, self.owner)
        except Contended:
            return self._wait(delivery)
        return self._deliver(found, deadline) if isinstance(found, Delivery) else found

    def _deliver(self, delivery: Delivery, deadline: int) -> Outcome:
        """Process a delivery that carries its event."""
        draft = self.builder.begin(delivery)
        failover = self._find_failover(draft.tenant).choose(delivery.avoid, delivery.never_tried)
        if not failover.providers:
            return Outcome(OutcomeKind.DUPLICATE, delivery.message_id, detail="no provider is left to be tried")
        attempt = Attempt(
            delivery.message_id,
            self.owner(),
            letter=delivery.letter,
            confirmed=delivery.confirmed,
            received=self.clock(),
            instead_of=delivery.instead_of,
            never_tried=delivery.never_tried,
            providers=failover.names,
        )
        if delivery.not_sent and not self._release_unsent(delivery, delivery.not_sent):
            return self._wait(delivery)
        job = Job(delivery, self._identify(draft, delivery, attempt), deadline)
        try:
            outcome = self._pass_on(job, draft, draft.event) if draft.event else None
            if outcome is None:
                job = replace(job, email=self.builder.finish(draft, in_time_only=not delivery.redriven))
                ask = self._choose_how(draft)
                job = self._attach(job, draft)
        except AttachmentUnavailable as error:
            outcome = self._act(*self._put_off(replace(job, email=None, error=error), error))
        except (Rejected, RecipientNotAllowed) as error:
            job = replace(job, email=None, error=error)
            outcome = self._act(job, give_up(error, job.attempt))
        else:
            outcome = outcome or self._act(*self._claim(job, ask))
        return replace(outcome, synthetic=True) if draft.synthetic else outcome

    def _pass_on(self, job: Job, draft: Draft, event: Event) -> Outcome | None:
        """Handle an event that is not itself a mail: a cancellation, or an event with several recipients; None for any
        other. Raises Rejected."""
        if self.scheduling and self.scheduling.is_cancellation(event):
            return self._cancel(job, self.scheduling, event)
        if self.fan_out and draft.recipients:
            return self._deliver_part(job, self.fan_out, draft, event)
        return None

    def _find_failover(self, tenant: Tenant | None) -> Failover:
        """Return the providers that may send; for a tenant, those at which its sender is set up."""
        return self.failover.filter(tenant.may_go_by) if tenant else self.failover

    def _choose_how(self, draft: Draft) -> Callable[[Attempt], Verdict]:
        """Choose the ledger's operation: claim the mail now, or keep the event for later. Raises SchedulingOff."""
        if self._is_for_later(draft):
            return _require(self.scheduling, "the event is to be sent later").keep
        if draft.collected and draft.event:
            digests = _require(self.scheduling.digests if self.scheduling else None, "the event is mailed with others")
            return partial(digests.collect, event=draft.event)
        return self.ledger.claim

    def _is_for_later(self, draft: Draft) -> bool:
        return draft.due is not None and draft.due > self.clock()

    def _attach(self, job: Job, draft: Draft) -> Job:
        """Return the job with the files of a mail that is sent now. Raises AttachmentUnavailable."""
        if job.email is None or not job.email.references or self.attachments is None or self._is_for_later(draft):
            return job
        files = self.attachments.fetch(job.email.references, job.deadline)
        return replace(job, email=replace(job.email, attachments=files, references=()))

    def _put_off(self, job: Job, error: AttachmentUnavailable) -> tuple[Job, Decision]:
        """Retry later because a file is missing, unless the ledger says that the mail is already settled. Nothing was
        claimed."""
        found, verdict = self._look(job)
        if verdict is None or isinstance(verdict, InDoubt):
            return job, put_off(error, DecisionContext(job, self.retry_policy, self.clock()))
        return self._decide(found, verdict)

    def _identify(self, draft: Draft, delivery: Delivery, attempt: Attempt) -> Attempt:
        """Return the attempt with everything that the ledger keeps about its event, and its trace if tracing is on."""
        known = draft.identify(attempt)
        return self.tracing.join(known, delivery, draft.event) if self.tracing else known

    def _release_unsent(self, delivery: Delivery, not_sent: str) -> bool:
        """Record that an attempt sent nothing, which the ledger was too busy to record before; False if it still is."""
        message_id, _, owner = not_sent.partition(" ")
        row = TimelineRow.from_reason(_UNTOLD, State.RELEASED, self.clock(), self.release)
        known = self.ledger.release(Attempt(message_id, owner, letter=delivery.letter), row)
        return not isinstance(known, Held) or bool(known.owner)

    def _wait(self, delivery: Delivery) -> Outcome:
        receives = delivery.item.receives if delivery.item else 0
        at = self.clock() + int(self.retry_policy.wait_after_receives(receives) * 1000)
        return Outcome(OutcomeKind.HELD, delivery.message_id, detail=BUSY.text, retry_at=at)

    def _act(self, job: Job, decision: Decision) -> Outcome:
        while True:
            match decision:
                case Send():
                    job, decision = self._send(job, decision)
                case Resend(doubtful):
                    job, decision = self._resend(job, doubtful)
                case WriteLetter():
                    job, decision = self._write_letter(job, decision)
                case Suppress():
                    job, decision = self._suppress(job, decision)
                case TellTooLate(owner):
                    job, decision = self._tell_too_late(job, owner)
                case Retry(kind, reason, at):
                    return Outcome(
                        kind,
                        job.attempt.message_id,
                        job.attempt.type,
                        reason.text,
                        at,
                        also=job.also,
                        not_sent=job.not_sent,
                    )
                case Done(kind, detail, ms, provider):
                    return Outcome(
                        kind, job.attempt.message_id, job.attempt.type, detail, None, ms, provider, also=job.also
                    )

    def _decide(self, job: Job, known: Record | Verdict) -> tuple[Job, Decision]:
        return job, decide(known, DecisionContext(job, self.retry_policy, self.clock()))

    def _claim(self, job: Job, ask: Callable[[Attempt], Verdict]) -> tuple[Job, Decision]:
        """Claim the mail, or keep its event until its time: `ask` is the ledger's operation."""
        if job.attempt.never_tried:
            before = self.ledger.look_at_predecessor(job.attempt, job.attempt.instead_of or "")
            if not isinstance(before, Record):
                return self._decide(job, before)
            job = job if before.successor else job.with_predecessor(before)
        found, verdict = self._follow_owner(job, ask)
        owner = found.attempt.message_id
        if isinstance(verdict, Duplicate) and verdict.was_too_old and owner != job.attempt.message_id:
            # It was rejected for its age, which is not part of the content hash: with a new time it is a new event.
            found = job.with_predecessor(Record(owner, verdict.state))
            verdict = ask(found.attempt)
        return self._decide(found, verdict)

    def _cancel(self, job: Job, scheduling: Scheduling, event: Event) -> Outcome:
        """Cancel the mail that the event names. Raises InvalidEvent if it names none."""
        answer = scheduling.cancel(job.attempt, event)
        if isinstance(answer, Held):
            return self._act(*self._decide(job, answer))
        if isinstance(answer, Record):
            if self.fan_out is None:
                raise InvalidEvent("no notification takes several recipients any more: cancel each recipient's mail")
            return self.fan_out.cancel_parts(job.delivery, job.attempt, event, answer)
        message_id, kind, detail, also = answer
        return Outcome(kind, message_id, detail=detail, also=also)

    def _deliver_part(self, job: Job, fan_out: RecipientFanOut, draft: Draft, event: Event) -> Outcome:
        """Queue each recipient's part as an event of its own. Raises SchedulingOff if the event is for later and cannot
        be kept."""
        self._choose_how(draft)
        found, answer = self._follow_owner(job, fan_out.make_recorder(draft))
        if isinstance(answer, RecordedParts):
            return fan_out.queue_parts(job.delivery, found.attempt, event, draft, answer)
        return self._act(*self._decide(found, answer))

    def _look(self, job: Job) -> tuple[Job, Verdict | None]:
        """Return the job under the MessageId that owns the event, and the verdict that keeps it from being settled
        (None: nothing)."""
        # During a release that switches scheduling on or off, this version must not reject what the other one keeps.
        waits_elsewhere = isinstance(job.error, SchedulingOff)
        return self._follow_owner(job, lambda attempt: self.ledger.look(attempt, over_waiting=not waits_elsewhere))

    def _follow_owner(self, job: Job, ask: Callable[[Attempt], T]) -> tuple[Job, T | Verdict]:
        """Call `ask` under the MessageId that owns the event or, if the content differs, as the message that takes the
        event over from it."""
        verdict = ask(job.attempt)
        for _ in range(_HOPS):
            if not isinstance(verdict, OwnedBy):
                break
            if verdict.same:
                job = job.with_message_id(verdict.message_id)
            else:
                found = self.ledger.look_at_predecessor(job.attempt, verdict.message_id)
                if not isinstance(found, Record):
                    return job, found
                job = job.with_predecessor(found)
            verdict = ask(job.attempt)
        return job, verdict

    # -- after rendering ------------------------------------------------------------------------------------------

    def _send(self, job: Job, send: Send) -> tuple[Job, Decision]:
        traced = self.tracing.tags if self.tracing else {}
        email = replace(send.email, tags={**send.email.tags, "attempt": job.attempt.owner, **traced})
        failover = self._find_failover(send.email.tenant).choose(job.delivery.avoid, job.delivery.never_tried)
        result = failover.send(email, job.attempt.message_id, send.until)
        if self.tracing:
            self.tracing.note_calls(result.tries)
        note = partial(note_calls, result, self.release, self.clock)
        known: Record | Verdict
        match result.outcome:
            case Receipt(provider, provider_message_id, aside):
                twice = self.ledger.record(job.attempt, note(State.SENT, email.fallback), provider_message_id)
                job = job.with_metric(SENT_TWICE) if twice else job
                aside = "; ".join(filter(None, (aside, email.fallback.text if email.fallback else "")))
                return job, Done(OutcomeKind.SENT, aside, result.tries[-1].ms, provider)
            case NotSent():
                known = self.ledger.release(job.attempt, note(State.RELEASED)[-1])
                job = job.with_verdict_on_unsent(known)
            case OutcomeUnknown():
                known = self.ledger.lose(job.attempt, note(State.UNKNOWN)[-1])
            case error:
                job = replace(job, email=None, error=error, last_call=note(State.REJECTED)[-1])
                return job, WriteLetter(OutcomeKind.REJECTED, job.attempt.owner, error.reason, 1, Action.REFUSE)
        return self._decide(replace(job, email=None, error=result.outcome), known)

    def _resend(self, job: Job, doubtful: Record) -> tuple[Job, Decision]:
        """Send once more if every provider has reported on later mails, so that a report on the first mail would have
        come; else probe."""
        lagging = self.ledger.find_lagging_providers(doubtful)
        if doubtful.providers and not lagging:
            verdict = self.ledger.resend(job.attempt, doubtful)
            return self._decide(job.with_metric(RESENT) if isinstance(verdict, Claimed) else job, verdict)
        decision = decide_on_doubt(doubtful, DecisionContext(job, self.retry_policy, self.clock()))
        if isinstance(decision, Retry):
            self.failover.probe([name for name in lagging if self.ledger.begin_probe(name)])
        return job, decision

    # -- without sending ------------------------------------------------------------------------------------------

    def _write_letter(self, job: Job, letter: WriteLetter) -> tuple[Job, Decision]:
        """Write the dead letter first, then the record: a crash between the two repeats the dead letter, but never
        loses it."""
        job, verdict = self._look(job) if letter.action is Action.REJECT else (job, None)
        if verdict is None:
            self._put(job, letter)
            verdict = self._settle(job, letter)
            if letter.action is Action.REFUSE:
                job = job.with_verdict_on_unsent(verdict)
            if letter.action is Action.REJECT:  # the dead letter that it came from is answered
                job = replace(job, delivery=replace(job.delivery, letter=None))
        return (job, Done(letter.kind, letter.reason.text)) if verdict is None else self._decide(job, verdict)

    def _put(self, job: Job, letter: WriteLetter) -> None:
        """Put a dead letter into the queue `dead`, under the MessageId that owns the event."""
        owned = replace(job.delivery, message_id=job.attempt.message_id)
        kept = letter.action is not None and job.attempt.body is not None
        event = (job.attempt.source, job.attempt.id)
        self.dead.put(write_letter(owned, letter.names, letter.reason, self.release, letter.attempts, kept, event))

    def _settle(self, job: Job, letter: WriteLetter) -> Verdict | None:
        row = TimelineRow.from_reason(letter.reason, letter.state, self.clock(), self.release)
        match letter.action:
            case Action.REJECT:
                return self.ledger.reject(job.attempt, row)
            case Action.REFUSE:
                return self.ledger.refuse(job.attempt, job.last_call or row)
            case Action.PARK:
                verdict = self.ledger.park(job.attempt, letter.names, row)
                return verdict if isinstance(verdict, Held) and not verdict.owner else None
        return None

    def _suppress(self, job: Job, stop: Suppress) -> tuple[Job, Decision]:
        """Settle the mail as suppressed, without a dead letter, which would raise an alarm."""
        job, verdict = self._look(job) if stop.by is None else (job, None)
        job = replace(job, email=None)
        if verdict is None:
            row = TimelineRow.from_reason(stop.reason, State.SUPPRESSED, self.clock(), self.release)
            verdict = self.ledger.suppress(job.attempt, row, stop.by)
        if verdict is None:
            return job, Done(OutcomeKind.SUPPRESSED, stop.reason.text)
        return self._decide(job, verdict)

    def _tell_too_late(self, job: Job, owner: Record) -> tuple[Job, Decision]:
        was_noted = self.ledger.tell_too_late(job.attempt, owner)
        done = Done(OutcomeKind.DUPLICATE, f"already {owner.state} as {owner.message_id}, with other content")
        return (job.with_metric(CORRECTED_TOO_LATE) if was_noted else job), done


def _require(part: T | None, what: str) -> T:
    if part is None:
        raise SchedulingOff(f"{what}, but this deployment keeps no events for later (scheduling is off)")
    return part
