"""Mails that are sent from their record, or once more though a provider accepted them: without a letter."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from fakes.example_events import SECRET, event
from fakes.in_memory_herald import delivery
from fakes.provider import FakeProvider
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable
from function.ledger.keys import address_key
from function.ledger.states import Action, State
from operations.erasure import erase, find_personal_data
from operations.errors import UserError
from operations.redrive.plan import RedriveDecision, decide
from operations.redrive.plan_from_ledger import find_message, plan_again, plan_from_records
from operations.redrive.queue import peek
from operations.redrive.send import RedriveResult, send_copies
from operations.remedies import Remedy, RemedyAction
from tests.integration.redrive.conftest import Office
from tests.integration.redrive.letters import HOLD, in_doubt, plan_of, redrive, refuse
from webapp.preferences.preferences import Preferences


def test_a_suppressed_mail_is_sent_from_its_record_once_its_address_is_off_the_list(office: Office) -> None:
    office.world.suppress()
    office.deliver(delivery())
    with pytest.raises(UserError, match="take that off the list first"):
        plan_from_records(office.installation, ["m1"])
    office.world.unsuppress()
    plan = plan_from_records(office.installation, ["m1"])
    for _ in range(2):
        send_copies(office.installation, plan, lambda _: None, RedriveResult())
    assert sorted(outcome.kind.name for outcome in office.work_off()) == ["DUPLICATE", "SENT"]
    assert office.world.mails == 1


def test_of_a_reader_who_unsubscribed_it_is_said_before_that_nothing_would_go(office: Office) -> None:
    hashed = address_key(SECRET, "ada@example.com").removeprefix("address#")
    Preferences(office.installation.dynamodb, office.installation.ledger).unsubscribe("books", hashed, 1, "link")
    office.deliver(delivery())
    with pytest.raises(UserError, match="would be suppressed: its reader has unsubscribed from books"):
        plan_from_records(office.installation, ["m1"])
    Preferences(office.installation.dynamodb, office.installation.ledger).subscribe("books", hashed)
    with pytest.raises(UserError, match="is not kept"):
        plan_from_records(office.installation, ["m1"])
    assert office.world.mails == 0


def test_a_reader_who_unsubscribed_since_is_said_before(office: Office) -> None:
    refuse(office)
    hashed = address_key(SECRET, "ada@example.com").removeprefix("address#")
    Preferences(office.installation.dynamodb, office.installation.ledger).unsubscribe("books", hashed, 1, "link")
    with pytest.raises(UserError, match="would be suppressed: its reader has unsubscribed from books"):
        plan_from_records(office.installation, ["m1"])


def test_a_record_whose_letter_has_expired_is_sent_from_the_event_that_it_keeps(office: Office) -> None:
    refuse(office, padding="x" * 9000)
    office.installation.sqs.purge_queue(QueueUrl=office.installation.dead)
    send_copies(office.installation, plan_from_records(office.installation, ["m1"]), lambda _: None, RedriveResult())
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]


def test_a_doubtful_record_whose_letter_has_expired_needs_a_yes_too(office: Office) -> None:
    in_doubt(office)
    assert list(plan_from_records(office.installation, ["m1"]).decisions.values()) == [RedriveDecision.ASK]


@pytest.mark.parametrize("message_id", ["m1", "never"])
def test_what_a_provider_accepted_is_not_sent_from_its_record(office: Office, message_id: str) -> None:
    office.deliver(delivery())
    with pytest.raises(UserError, match=r"You can send it once more$|knows no message") as refused:
        plan_from_records(office.installation, [message_id])
    assert refused.value.remedy in (None, Remedy(RemedyAction.SEND_ONCE_MORE, "m1"))


def test_what_no_queue_holds_any_more_is_sent_from_its_record(office: Office) -> None:
    """Released, and its item in `retry` was lost."""
    office.world.post.answers = [ProviderUnavailable("gone")]
    office.deliver(delivery())
    plan = plan_from_records(office.installation, ["m1"], office.world.clock() + HOLD * 1000)
    assert list(plan.decisions.values()) == [RedriveDecision.SEND]
    send_copies(office.installation, plan, lambda _: None, RedriveResult())
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]


def test_a_mail_in_doubt_that_nobody_parked_is_sent_from_its_record_past_its_hold_with_a_yes(office: Office) -> None:
    office.world.resends = 0
    office.world.post.accept_then(OutcomeUnknown("lost"))
    office.deliver(delivery())
    with pytest.raises(UserError, match="m1 is held, for another"):
        plan_from_records(office.installation, ["m1"], office.world.clock())
    office.world.clock.forward(HOLD)
    plan = plan_from_records(office.installation, ["m1"], office.world.clock())
    assert list(plan.decisions.values()) == [RedriveDecision.ASK]
    send_copies(office.installation, plan, lambda _: None, RedriveResult())
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]
    assert office.world.mails == 2


def accept(office: Office, action: Action | None, state: State) -> int:
    """A mail that its provider accepted, and what it said later; the time past its hold."""
    office.deliver(delivery())
    if action:
        office.world.apply_feedback(action, state)
    office.world.clock.forward(HOLD)
    return office.world.clock()


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (None, State.SENT),
        (Action.FEEDBACK_REFUSED, State.REFUSED),
        (Action.FEEDBACK_DELAYED, State.DELAYED),
        (Action.FEEDBACK_SOFT_BOUNCED, State.SOFT_BOUNCED),
        (Action.FEEDBACK_DELIVERED, State.DELIVERED),
        (Action.FEEDBACK_BOUNCED, State.BOUNCED),
    ],
)
def test_what_a_provider_accepted_is_sent_once_more_by_two_persons_as_one_mail(
    office: Office, action: Action | None, state: State
) -> None:
    now = accept(office, action, state)
    for _ in range(2):
        plan = plan_again(office.installation, ["m1"], now)
        assert list(plan.decisions.values()) == [RedriveDecision.AGAIN]
        assert [letter.message_id for letter in plan.letters] == ["m1-2"]
        send_copies(office.installation, plan, lambda _: None, RedriveResult())
    assert sorted(outcome.kind.name for outcome in office.work_off()) == ["DUPLICATE", "SENT"]
    assert office.world.mails == 2
    assert (office.world.state("m1"), office.world.state("m1-2")) == (state, State.SENT)
    assert (office.world.record("m1").successor, office.world.record("m1-2").instead_of) == ("m1-2", "m1")
    with pytest.raises(UserError, match="m1-2 has its event"):
        plan_again(office.installation, ["m1"], now)
    office.world.clock.forward(HOLD)
    [third] = plan_again(office.installation, ["m1-2"], office.world.clock()).letters
    assert third.message_id == "m1-3"


@pytest.mark.parametrize(
    ("action", "state", "by"),
    [
        (Action.FEEDBACK_REFUSED, State.REFUSED, [1, 1]),
        (Action.FEEDBACK_BOUNCED, State.BOUNCED, [2, 0]),
        (Action.FEEDBACK_DELIVERED, State.DELIVERED, [2, 0]),
    ],
)
def test_only_what_a_provider_refused_after_it_had_accepted_it_is_sent_by_the_next_one(
    office: Office, action: Action, state: State, by: list[int]
) -> None:
    office.world.posts.append(FakeProvider(office.world.clock, "resend://"))
    now = accept(office, action, state)
    send_copies(office.installation, plan_again(office.installation, ["m1"], now), lambda _: None, RedriveResult())
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]
    assert [len(post.taken) for post in office.world.posts] == by


def test_what_the_next_provider_refused_too_is_sent_by_the_first_again(office: Office) -> None:
    office.world.posts.append(FakeProvider(office.world.clock, "resend://"))
    now = accept(office, Action.FEEDBACK_REFUSED, State.REFUSED)
    send_copies(office.installation, plan_again(office.installation, ["m1"], now), lambda _: None, RedriveResult())
    office.work_off()
    office.world.apply_feedback(Action.FEEDBACK_REFUSED, State.REFUSED, "m1-2")
    office.world.clock.forward(HOLD)
    plan = plan_again(office.installation, ["m1-2"], office.world.clock())
    send_copies(office.installation, plan, lambda _: None, RedriveResult())
    office.work_off()
    assert [len(post.taken) for post in office.world.posts] == [2, 1]


def doubt_successor(office: Office) -> None:
    """A mail that SES refused after it had accepted it, sent again by Resend, whose answer was lost: `m1-2` is dead."""
    office.world.resends = 0
    office.world.posts.append(FakeProvider(office.world.clock, "resend://"))
    now = accept(office, Action.FEEDBACK_REFUSED, State.REFUSED)
    send_copies(office.installation, plan_again(office.installation, ["m1"], now), lambda _: None, RedriveResult())
    office.world.posts[1].accept_then(OutcomeUnknown("lost"))
    assert office.work_off() != []
    office.world.clock.forward(HOLD)
    successor = delivery("m1-2", "", in_ledger=True, instead_of="m1", avoid=office.world.post.url)
    assert office.deliver(successor).kind is OutcomeKind.PARKED


def test_the_longest_letter_goes_with_a_yes_in_the_ten_attributes_that_sqs_takes(office: Office) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html"""
    doubt_successor(office)
    [letter] = peek(office.installation.sqs, office.installation.dead)
    assert len(letter.attributes) == 10
    plan = plan_of(office)
    assert list(plan.decisions.values()) == [RedriveDecision.ASK]
    redrive(office, plan)
    [message] = office.messages(office.installation.retry)
    assert len(message["MessageAttributes"]) == 10
    assert {"attempt", "confirmed", "instead_of", "avoid", "source", "id"} <= message["MessageAttributes"].keys()


def test_a_successor_without_a_letter_is_sent_from_its_record_by_the_next_provider_too(office: Office) -> None:
    doubt_successor(office)
    office.installation.sqs.purge_queue(QueueUrl=office.installation.dead)
    plan = plan_from_records(office.installation, ["m1-2"])
    send_copies(office.installation, plan, lambda _: None, RedriveResult())
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]
    assert [len(post.taken) for post in office.world.posts] == [1, 2]


def test_a_mail_that_was_reported_as_spam_is_never_sent_again(office: Office) -> None:
    now = accept(office, Action.FEEDBACK_COMPLAINED, State.COMPLAINED)
    with pytest.raises(UserError, match="reported as spam"):
        plan_again(office.installation, ["m1"], now)


def test_nothing_is_sent_again_to_an_address_on_the_list_before_the_hold_or_whose_event_is_erased(
    office: Office,
) -> None:
    office.deliver(delivery())
    with pytest.raises(UserError, match="is held"):
        plan_again(office.installation, ["m1"], office.world.clock())
    office.world.clock.forward(HOLD)
    office.world.suppress()
    with pytest.raises(UserError, match="take that off the list first"):
        plan_again(office.installation, ["m1"], office.world.clock())
    office.world.unsuppress()
    erase(office.installation, "ada@example.com", find_personal_data(office.installation, "ada@example.com"))
    with pytest.raises(UserError, match="is not kept"):
        plan_again(office.installation, ["m1"], office.world.clock())


def test_what_the_ledger_did_not_keep_is_published_under_another_id(office: Office) -> None:
    long = event(data=event()["data"] | {"more": random.Random(7).randbytes(5_000).hex()})
    office.deliver(delivery("m1", long))
    office.world.clock.forward(HOLD)
    with pytest.raises(UserError, match="publish it under another id"):
        plan_again(office.installation, ["m1"], office.world.clock())


def test_a_mail_is_named_by_its_event_too(office: Office) -> None:
    accept(office, Action.FEEDBACK_DELIVERED, State.DELIVERED)
    assert find_message(office.installation, "m1") == "m1"
    assert find_message(office.installation, event()["id"]) == "m1"
    with pytest.raises(UserError, match="no message and no event never"):
        find_message(office.installation, "never")


def test_what_waits_is_not_redriven_and_what_was_cancelled_neither(office: Office) -> None:
    office.world.schedules = True
    due = datetime.fromtimestamp(office.world.clock() / 1000 + 86_400, UTC).isoformat()
    office.deliver(delivery("m1", event(sendat=due)))
    with pytest.raises(UserError, match="waits for its time, and is sent by itself"):
        plan_from_records(office.installation, ["m1"])
    cancelled = event("c", "mail.cancel", data={"source": "urn:herald:webapp", "id": event()["id"]})
    office.deliver(delivery("c1", cancelled))
    with pytest.raises(UserError, match="was cancelled: publish its event under another id"):
        plan_from_records(office.installation, ["m1"])


def test_the_letter_of_a_cancelled_mail_is_discarded(office: Office) -> None:
    office.world.schedules = True
    refuse(office)
    cancelled = event("c", "mail.cancel", data={"source": "urn:herald:webapp", "id": "event-of-m1"})
    office.deliver(delivery("c1", cancelled))
    record = office.world.record("m1")
    assert record.state is State.CANCELLED
    [letter] = peek(office.installation.sqs, office.installation.dead)
    assert decide(letter, record) is RedriveDecision.DISCARD


def test_a_waiting_event_is_found_and_erased_and_its_mail_never_sent(office: Office) -> None:
    office.world.schedules = True
    due = datetime.fromtimestamp(office.world.clock() / 1000 + 86_400, UTC).isoformat()
    office.deliver(delivery("m1", event(sendat=due)))
    found = find_personal_data(office.installation, "ada@example.com")
    assert erase(office.installation, "ada@example.com", found).records == 1
    office.world.clock.forward(86_400)
    office.deliver(delivery("m1", "", in_ledger=True))
    assert office.world.state() is State.CANCELLED
    assert office.world.mails == 0
