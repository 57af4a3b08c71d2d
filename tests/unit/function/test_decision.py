"""What follows from everything that the ledger can answer, as data: no table, no provider, no clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from function.delivery.decision import (
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
)
from function.delivery.outcome import OutcomeKind
from function.errors import (
    InvalidEvent,
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    QuotaExhausted,
    RecipientNotAllowed,
    RefusedForGood,
    Throttled,
)
from function.event.envelope import Delivery, QueueItem
from function.ledger.attempt import (
    Attempt,
    Claimed,
    Duplicate,
    Held,
    InDoubt,
    OwnedBy,
    PredecessorInDoubt,
    Suppressed,
    TooLate,
    Verdict,
)
from function.ledger.record import Record
from function.ledger.states import Action, State
from function.message.email import Email
from function.queues.retry_policy import RetryPolicy
from function.reason_codes import Reason, ReasonCode

NOW, LATER, DEADLINE = 1_795_248_000_000, 1_795_248_900_000, 1_795_248_060_000
DAY = 86_400_000
MAIL = Email("ada@example.com", "A new book", "text", "<p>text</p>")
ATTEMPT = Attempt("m1", "request/2")
JOB = Job(Delivery("m1", "{}"), ATTEMPT, DEADLINE, MAIL)
POLICY = RetryPolicy()
RELEASED = Record("m1", State.RELEASED, "request/2", attempts=3, first_at=NOW - 1)
DOUBTFUL = Record("m1", State.UNKNOWN, "request/1", held_until=NOW - 1, attempts=2)


def job(error: NotificationError | None = None, letter: str | None = None, receives: int = 0) -> Job:
    """A job whose mail is no longer to be sent, for this reason, if there is one."""
    item = QueueItem("item", "handle", receives) if receives else None
    delivery = Delivery("m1", "{}", letter=letter, item=item)
    return replace(JOB, delivery=delivery, error=error, email=None if error else MAIL)


def context(job: Job) -> DecisionContext:
    """What a decision about the job rests on, now."""
    return DecisionContext(job, POLICY, NOW)


def kind_of(decision: Decision) -> tuple[type, Any]:
    return type(decision), getattr(decision, "kind", None)


def test_a_claimed_mail_is_sent_before_the_hold_and_the_invocation_end() -> None:
    assert decide(Claimed(LATER), context(JOB)) == Send(MAIL, DEADLINE)
    assert decide(Claimed(DEADLINE - 1), context(JOB)) == Send(MAIL, DEADLINE - 1)


@pytest.mark.parametrize(
    ("choice", "code"),
    [(None, ReasonCode.RECIPIENT_SUPPRESSED), ("stopped:books", ReasonCode.RECIPIENT_UNSUBSCRIBED)],
)
def test_what_stops_a_mail_settles_it_without_a_letter(choice: str | None, code: ReasonCode) -> None:
    decision = decide(Suppressed(choice), context(JOB))
    assert isinstance(decision, Suppress)
    assert (decision.reason.code, decision.by) == (code, Suppressed(choice))


@pytest.mark.parametrize("verdict", [Claimed(LATER), Claimed(0), Suppressed(), Suppressed("stopped:books")])
def test_a_mail_that_was_handed_over_is_not_sent_again_by_the_same_job(verdict: Verdict) -> None:
    decision = decide(verdict, context(job(Throttled("slow"))))
    assert isinstance(decision, Retry)
    assert (decision.kind, decision.at) == (OutcomeKind.HELD, NOW + 2000)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("letter", [None, "request/1"])
def test_what_is_settled_is_done_but_for_a_letter_that_names_an_older_rejection(
    state: State, letter: str | None
) -> None:
    decision = decide(Duplicate(state, "request/9"), context(job(letter=letter)))
    if state is State.REJECTED and letter:
        assert isinstance(decision, WriteLetter)
        assert (decision.names, decision.action) == ("request/9", None)
        assert decision.reason.code == ReasonCode.LETTER_OUTDATED
    else:
        assert decision == Done(OutcomeKind.DUPLICATE, f"already {state}")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (None, "the mail may have been sent: no answer"),
        (Throttled("slow"), "the mail may have been sent: no answer"),
        (OutcomeUnknown("lost"), "the mail may have been sent: no answer"),
        (InvalidEvent("no such field"), "the mail may have been sent, and now: no such field"),
        (RecipientNotAllowed("not on the list"), "the mail may have been sent, and now: not on the list"),
    ],
)
def test_a_mail_in_doubt_is_handed_to_a_person(error: NotificationError | None, text: str) -> None:
    decision = decide(InDoubt(DOUBTFUL), context(job(error)))
    assert isinstance(decision, WriteLetter)
    assert decision.reason.text.startswith(text)
    assert decision.reason.code == ReasonCode.MAY_HAVE_GONE
    assert replace(decision, reason=Reason("", "")) == WriteLetter(
        OutcomeKind.PARKED, "request/1", Reason("", ""), 2, Action.PARK, State.UNKNOWN
    )


@pytest.mark.parametrize(
    ("known", "error", "kind", "at"),
    [
        (Held(LATER, "request/1"), None, OutcomeKind.HELD, LATER),
        (Held(LATER, "request/1"), Throttled("slow"), OutcomeKind.HELD, LATER),
        (Held(LATER, "request/1"), OutcomeUnknown("lost"), OutcomeKind.UNKNOWN, LATER),
        (Record("m1", State.UNKNOWN, "o", held_until=LATER), OutcomeUnknown("lost"), OutcomeKind.UNKNOWN, LATER),
        (Held(NOW + 2000), None, OutcomeKind.HELD, NOW + 2000),
        (OwnedBy("m2"), None, OutcomeKind.HELD, NOW + 2000),
        (OwnedBy("m2"), OutcomeUnknown("lost"), OutcomeKind.UNKNOWN, NOW + 2000),
    ],
)
def test_what_another_holds_or_nobody_knows_comes_back(
    known: Record | Verdict, error: NotificationError | None, kind: OutcomeKind, at: int
) -> None:
    decision = decide(known, context(job(error)))
    assert isinstance(decision, Retry)
    assert (decision.kind, decision.at) == (kind, at)


@pytest.mark.parametrize(
    ("known", "names", "code"),
    [
        (Held(LATER, "request/1"), "request/1", ReasonCode.HELD_BY_ANOTHER),
        (Held(NOW + 2000), "request/2", ReasonCode.LEDGER_BUSY),
        (OwnedBy("m2"), "request/2", ReasonCode.LEDGER_BUSY),
    ],
)
def test_on_the_last_receive_a_letter_with_the_true_reason_is_written(
    known: Verdict, names: str, code: ReasonCode
) -> None:
    decision = decide(known, context(job(receives=POLICY.receives)))
    assert isinstance(decision, WriteLetter)
    assert (decision.kind, decision.names, decision.action) == (OutcomeKind.PARKED, names, None)
    assert decision.reason.code == code
    assert decision.reason.text.endswith("the queue does not deliver it again")


@pytest.mark.parametrize(("receives", "seconds"), [(0, 2), (1, 2), (2, 4), (9, 512), (10, 900), (199, 900)])
def test_what_the_ledger_is_too_busy_for_comes_back_ever_later(receives: int, seconds: int) -> None:
    decision = decide(Held(NOW + 2000), context(job(receives=receives)))
    assert isinstance(decision, Retry)
    assert (decision.at, decision.reason.code) == (NOW + seconds * 1000, ReasonCode.LEDGER_BUSY)


def test_the_waits_of_all_receives_outlast_a_day() -> None:
    assert sum(map(POLICY.wait_after_receives, range(1, POLICY.receives))) > POLICY.give_up


@pytest.mark.parametrize(
    ("waited", "receives", "over"),
    [
        (DAY, 199, False),
        (DAY + 1, 199, True),
        (DAY + 1, 105, True),
        pytest.param(DAY + 1, 104, False, id="tried for less than a day: the queue was paused"),
        pytest.param(9 * DAY, 1, False, id="paused for more than a week"),
    ],
)
def test_a_busy_ledger_is_given_a_day_from_the_time_that_sqs_was_sent_the_delivery(
    waited: int, receives: int, over: bool
) -> None:
    item = QueueItem("item", "handle", receives, sent_at=NOW - waited)
    waiting = replace(JOB, delivery=Delivery("m1", "{}", item=item))
    decision = decide(Held(NOW + 2000), context(waiting))
    assert isinstance(decision, WriteLetter if over else Retry)
    assert not over or decision.reason.text.endswith("too busy to handle the delivery, for a day")
    assert isinstance(decide(Held(LATER, "request/1"), context(waiting)), Retry), "a hold ends by itself"


@pytest.mark.parametrize(
    ("error", "attempts", "seconds"),
    [
        (Throttled("slow"), 1, 2),
        (ProviderUnavailable("away"), 3, 8),
        (ProviderUnavailable("away"), 40, 900),
        (QuotaExhausted("used up"), 1, 3600),
    ],
)
def test_what_was_certainly_not_sent_is_tried_again_by_the_policy(
    error: NotificationError, attempts: int, seconds: int
) -> None:
    decision = decide(replace(RELEASED, attempts=attempts), context(job(error)))
    assert decision == Retry(OutcomeKind.RELEASED, error.reason, NOW + seconds * 1000)


@pytest.mark.parametrize(
    ("first_at", "receives", "over"),
    [(NOW - DAY, 1, False), (NOW - DAY - 1, 1, True), (NOW, 200, True), (0, 199, False)],
)
def test_it_is_given_up_after_a_day_or_on_the_last_receive(first_at: int, receives: int, over: bool) -> None:
    record = replace(RELEASED, first_at=first_at)
    decision = decide(record, context(job(Throttled("slow"), receives=receives)))
    assert kind_of(decision) == ((WriteLetter, OutcomeKind.REJECTED) if over else (Retry, OutcomeKind.RELEASED))
    if isinstance(decision, WriteLetter):
        assert (decision.action, decision.attempts) == (Action.REJECT, 3)
        assert decision.reason == Reason(ReasonCode.RETRIES_EXHAUSTED, "gave up after 3 attempts: slow")


def test_what_an_earlier_attempt_may_have_sent_is_not_given_up_as_unsent() -> None:
    trying = decide(replace(DOUBTFUL, first_at=NOW - DAY), context(job(Throttled("slow"))))
    assert kind_of(trying) == (Retry, OutcomeKind.RELEASED)
    tried = decide(replace(DOUBTFUL, first_at=NOW - 2 * DAY), context(job(Throttled("slow"))))
    assert isinstance(tried, WriteLetter)
    assert (tried.kind, tried.action, tried.reason.code) == (
        OutcomeKind.PARKED,
        Action.PARK,
        ReasonCode.MAY_HAVE_GONE,
    )


def test_an_event_that_can_be_no_mail_ends_with_a_letter_and_one_that_may_not_be_without() -> None:
    invalid = give_up(RefusedForGood("bad"), ATTEMPT, 4)
    assert invalid == WriteLetter(
        OutcomeKind.REJECTED, "request/2", Reason(ReasonCode.PROVIDER_REFUSED, "bad"), 4, Action.REJECT
    )
    assert give_up(RecipientNotAllowed("no"), ATTEMPT) == Suppress(Reason(ReasonCode.RECIPIENT_NOT_ALLOWED, "no"))


def test_a_mail_in_doubt_that_the_policy_may_resend_is_looked_after_while_it_is_in_hand() -> None:
    assert decide(InDoubt(DOUBTFUL, resend=True), context(JOB)) == Resend(DOUBTFUL)
    lost = decide(InDoubt(DOUBTFUL, resend=True), context(job(OutcomeUnknown("lost"))))
    assert kind_of(lost) == (WriteLetter, OutcomeKind.PARKED)


@pytest.mark.parametrize(
    ("waited", "receives", "parked"), [(DAY, 1, False), (DAY + 1, 1, True), (1, 199, False), (1, 200, True)]
)
def test_without_reports_it_waits_for_a_day_or_the_last_receive(waited: int, receives: int, parked: bool) -> None:
    record = replace(DOUBTFUL, held_until=NOW - waited)
    decision = decide_on_doubt(record, context(job(receives=receives)))
    expected = (WriteLetter, OutcomeKind.PARKED) if parked else (Retry, OutcomeKind.HELD)
    assert kind_of(decision) == expected
    if isinstance(decision, WriteLetter):
        assert (decision.action, decision.names) == (Action.PARK, DOUBTFUL.owner)


@pytest.mark.parametrize(
    ("record", "asks"),
    [
        (DOUBTFUL, False),
        (replace(DOUBTFUL, parked="request/1"), True),
        (replace(DOUBTFUL, held_until=NOW - DAY - 1), True),
        (replace(DOUBTFUL, state=State.BOUNCED), True),
    ],
    ids=["in doubt", "parked", "for a day", "accepted"],
)
def test_who_would_take_the_event_from_such_a_mail_waits_or_asks_in_its_own_name(record: Record, asks: bool) -> None:
    decision = decide(PredecessorInDoubt(record), context(JOB))
    assert kind_of(decision) == ((WriteLetter, OutcomeKind.PARKED) if asks else (Retry, OutcomeKind.HELD))
    if isinstance(decision, WriteLetter):
        assert (decision.names, decision.action) == (ATTEMPT.owner, None)
        assert decision.reason.code == ReasonCode.MAY_HAVE_GONE


def test_who_comes_too_late_with_other_content_says_so() -> None:
    sent = replace(DOUBTFUL, state=State.SENT)
    assert decide(TooLate(sent), context(JOB)) == TellTooLate(sent)


def test_a_job_in_another_messages_name_is_the_same_attempt() -> None:
    assert JOB.with_message_id("m2") == replace(JOB, attempt=replace(ATTEMPT, message_id="m2"))
