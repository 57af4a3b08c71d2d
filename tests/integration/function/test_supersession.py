"""Other content under the same source and id, and a mail that a person wants sent again: another message takes the
event, and nobody acts in another's name with another content."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.example_events import event, example
from fakes.in_memory_herald import InMemoryHerald, delivery, event_item, redrive
from function.delivery.outcome import Outcome, OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable, RefusedForGood
from function.event.envelope import Delivery
from function.ledger.keys import successor_id
from function.ledger.record import TimelineRow
from function.ledger.states import ACCEPTED, Action, State

_HOLD = 15 * 60
_DAY = 86_400
_BAD: dict[str, Any] = example() | {"book": example()["book"] | {"url": "no link"}}
_OTHER: dict[str, Any] = example() | {"book": example()["book"] | {"title": "The corrected title"}}
_FEEDBACK = {
    State.SENT: Action.FEEDBACK_SENT,
    State.REFUSED: Action.FEEDBACK_REFUSED,
    State.DELAYED: Action.FEEDBACK_DELAYED,
    State.SOFT_BOUNCED: Action.FEEDBACK_SOFT_BOUNCED,
    State.DELIVERED: Action.FEEDBACK_DELIVERED,
    State.BOUNCED: Action.FEEDBACK_BOUNCED,
    State.COMPLAINED: Action.FEEDBACK_COMPLAINED,
}


def correct(**marks: Any) -> Delivery:
    """The second publication, with other content."""
    return delivery("m2", event(data=_OTHER), **marks)


def owner_of_the_event(world: InMemoryHerald) -> str:
    item = world.item(event_item())
    assert item is not None
    owner: str = item["message_id"]["S"]
    return owner


def row_codes(world: InMemoryHerald, message_id: str = "m1") -> list[str]:
    item = world.item(f"message#{message_id}")
    assert item is not None
    return [row["M"].get("reason_code", {}).get("S", "") for row in item["timeline"]["L"]]


def leave(world: InMemoryHerald, state: State) -> Outcome:
    """Bring the first publication into a state."""
    match state:
        case State.RELEASED:
            world.post.answers = [ProviderUnavailable("down")]
        case State.SUPPRESSED:
            world.suppress()
        case State.SENDING:
            world.post.accept_then(KeyboardInterrupt())
            with pytest.raises(KeyboardInterrupt):
                world.deliver(delivery())
            return Outcome(OutcomeKind.SENT, "m1")
        case State.UNKNOWN:
            world.post.accept_then(OutcomeUnknown("lost"))
    outcome = world.deliver(delivery("m1", event(data=_BAD)) if state is State.REJECTED else delivery())
    if state in _FEEDBACK:
        world.apply_feedback(_FEEDBACK[state], state, attempt=world.record().owner)
    assert world.state() is state
    return outcome


# -- nothing was sent -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.RELEASED, State.REJECTED, State.SUPPRESSED])
def test_a_correction_of_what_was_not_sent_takes_its_place(world: InMemoryHerald, state: State) -> None:
    leave(world, state)
    world.unsuppress()
    outcome = world.deliver(correct())
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.SENT, "m2")
    assert "The corrected title" in world.post.taken[0][1].subject
    first, second = world.record("m1"), world.record("m2")
    assert (first.state, first.successor, second.instead_of) == (State.REPLACED, "m2", "m1")
    assert row_codes(world)[-1] == "replaced"
    assert owner_of_the_event(world) == "m2"
    assert world.ledger.read_event("m2") == correct().body


@pytest.mark.parametrize("state", [State.RELEASED, State.REJECTED, State.SUPPRESSED])
def test_what_was_replaced_is_over(world: InMemoryHerald, state: State) -> None:
    leave(world, state)
    world.unsuppress()
    letter = world.record().owner
    world.deliver(correct())
    for late in (delivery(), delivery(letter=letter), delivery(letter=letter, confirmed=True)):
        assert world.deliver(late).detail == "already replaced"
    assert world.mails == 1


def test_the_last_to_come_wins_while_nothing_was_sent(world: InMemoryHerald) -> None:
    for number, title in enumerate(("first", "second", "third"), start=1):
        world.post.answers = [ProviderUnavailable("down")]
        said = example() | {"book": example()["book"] | {"title": title}}
        world.deliver(delivery(f"m{number}", event(data=said)))
    assert [world.state(f"m{number}") for number in (1, 2, 3)] == [State.REPLACED, State.REPLACED, State.RELEASED]
    assert owner_of_the_event(world) == "m3"


@pytest.mark.parametrize("state", [State.RELEASED, State.REJECTED, State.SUPPRESSED])
def test_a_correction_that_can_be_no_mail_is_rejected_under_its_own_name(world: InMemoryHerald, state: State) -> None:
    leave(world, state)
    before = len(world.dead.letters)
    worse = example() | {"book": {"id": "x"}}
    outcome = world.deliver(delivery("m2", event(data=worse)))
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.REJECTED, "m2")
    assert world.dead.letters[before:][0].attributes["message_id"] == "m2"
    assert (world.state("m1"), world.state("m2")) == (State.REPLACED, State.REJECTED)
    assert owner_of_the_event(world) == "m2"


def test_a_correction_to_a_suppressed_address_is_suppressed_under_its_own_name(world: InMemoryHerald) -> None:
    leave(world, State.REJECTED)
    world.suppress()
    assert world.deliver(correct()).kind is OutcomeKind.SUPPRESSED
    assert (world.state("m1"), world.state("m2")) == (State.REPLACED, State.SUPPRESSED)
    world.unsuppress()
    assert world.deliver(correct(letter=world.record("m2").owner)).kind is OutcomeKind.SENT


def test_an_event_that_came_too_late_is_corrected_by_its_time_alone(world: InMemoryHerald) -> None:
    """Its time is no part of what it says, and was all that was wrong."""
    late = event(time="2026-01-01T00:00:00Z")
    assert world.deliver(delivery("m1", late)).kind is OutcomeKind.REJECTED
    assert world.deliver(delivery("m2", late)).kind is OutcomeKind.DUPLICATE
    assert world.deliver(delivery("m3")).kind is OutcomeKind.SENT
    assert (world.state("m1"), world.state("m3"), owner_of_the_event(world)) == (State.REPLACED, State.SENT, "m3")
    assert world.deliver(delivery("m4", late)).kind is OutcomeKind.DUPLICATE
    assert world.deliver(redrive(world.dead.letters[0])).kind is OutcomeKind.DUPLICATE
    assert (world.mails, len(world.dead.letters)) == (1, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "book.creatd"},
        {"data": example() | {"recipient": example()["recipient"] | {"email": "ada at example.com"}}},
        {"data": example() | {"recipient": example()["recipient"] | {"locale": 5}}},
        {"data": example() | {"recipient": example()["recipient"] | {"email": "listed@example.com"}}},
        {"data": {}},
    ],
    ids=["type", "address", "language", "a listed address", "no data"],
)
def test_whatever_was_wrong_with_it_the_corrected_event_is_mailed(world: InMemoryHerald, wrong: dict[str, Any]) -> None:
    world.suppress("listed@example.com")
    first = world.deliver(delivery("m1", event() | wrong))
    assert first.kind in (OutcomeKind.REJECTED, OutcomeKind.SUPPRESSED)
    assert world.deliver(delivery("m2")).kind is OutcomeKind.SENT
    assert (world.mails, world.state("m1"), world.state("m2")) == (1, State.REPLACED, State.SENT)


def test_the_same_content_goes_on_as_the_first(world: InMemoryHerald) -> None:
    leave(world, State.RELEASED)
    later = delivery("m2", event(time="2026-11-21T09:00:00Z", traceparent="another"))
    assert world.deliver(later).message_id == "m1"
    assert world.ledger.read("m2") is None


# -- it may have gone -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_a_correction_of_what_may_have_gone_waits_and_then_asks_a_person(world: InMemoryHerald, state: State) -> None:
    leave(world, state)
    held = world.deliver(correct())
    assert (held.kind, held.retry_at) == (OutcomeKind.HELD, world.record().held_until)
    world.clock.forward(_HOLD)
    assert world.deliver(correct()).kind is OutcomeKind.HELD
    world.clock.forward(_DAY + 1)
    assert world.deliver(correct()).kind is OutcomeKind.PARKED
    letter = world.dead.letters.pop()
    assert (letter.attributes["message_id"], letter.attributes["reason_code"]) == ("m2", "may_have_gone")
    assert world.ledger.read("m2") is None
    assert world.deliver(redrive(letter)).kind is OutcomeKind.PARKED, "the console's button is no yes"
    assert world.deliver(redrive(letter, confirmed=True)).kind is OutcomeKind.SENT
    assert (world.state("m1"), world.record("m1").successor) == (State.REPLACED, "m2")
    assert world.mails == 2


def test_a_correction_asks_at_once_where_the_first_waits_for_a_person(world: InMemoryHerald) -> None:
    world.resends = 0
    leave(world, State.UNKNOWN)
    world.clock.forward(_HOLD)
    world.deliver(delivery())
    assert world.record().parked
    assert world.deliver(correct()).kind is OutcomeKind.PARKED
    assert [letter.attributes["message_id"] for letter in world.dead.letters] == ["m1", "m2"]


def test_a_late_report_settles_what_was_replaced_and_both_are_shown(world: InMemoryHerald) -> None:
    leave(world, State.UNKNOWN)
    world.clock.forward(_HOLD)
    world.deliver(correct(confirmed=True))
    assert world.apply_feedback(Action.FEEDBACK_SENT, State.SENT, attempt="request-1")
    assert (world.state("m1"), world.record("m1").successor, world.state("m2")) == (State.SENT, "m2", State.SENT)


# -- it was sent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", sorted(ACCEPTED))
def test_a_correction_of_what_was_sent_is_a_duplicate_told_once(world: InMemoryHerald, state: State) -> None:
    leave(world, state)
    told = [world.deliver(correct()) for _ in range(2)]
    assert [outcome.kind for outcome in told] == [OutcomeKind.DUPLICATE] * 2
    assert [outcome.also for outcome in told] == [("CorrectedTooLate",), ()]
    assert row_codes(world).count("corrected_too_late") == 1
    assert (world.mails, world.state()) == (1, state)
    assert world.ledger.read("m2") is None


def test_a_bad_correction_of_what_was_sent_says_nothing_of_it(world: InMemoryHerald) -> None:
    leave(world, State.DELIVERED)
    assert world.deliver(delivery("m2", event(data=_BAD))).kind is OutcomeKind.DUPLICATE
    assert (world.dead.letters, world.state()) == ([], State.DELIVERED)


def test_what_was_refused_after_acceptance_is_not_reopened_by_an_older_letter(world: InMemoryHerald) -> None:
    world.resends = 0
    leave(world, State.UNKNOWN)
    world.clock.forward(_HOLD)
    world.deliver(delivery())
    letter = world.dead.letters.pop()
    world.apply_feedback(Action.FEEDBACK_REFUSED, State.REFUSED, attempt="request-1")
    for confirmed in (False, True):
        assert world.deliver(redrive(letter, confirmed)).detail == "already refused"
    assert (world.mails, world.dead.letters) == (1, [])


# -- again ----------------------------------------------------------------------------------------------------------


def resend_delivery(message_id: str = "m1", confirmed: bool = True, **marks: Any) -> Delivery:
    """The letter by which a person sends again what a provider accepted."""
    return delivery(successor_id(message_id), instead_of=message_id, confirmed=confirmed, **marks)


def assert_settled(world: InMemoryHerald, state: State) -> None:
    leave(world, state)
    world.clock.forward(_HOLD)


@pytest.mark.parametrize("state", sorted(ACCEPTED - {State.COMPLAINED}))
def test_what_was_accepted_is_sent_again_by_another_message(world: InMemoryHerald, state: State) -> None:
    assert_settled(world, state)
    outcome = world.deliver(resend_delivery())
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.SENT, "m1-2")
    first, second = world.record("m1"), world.record("m1-2")
    assert (first.state, first.successor, second.instead_of) == (state, "m1-2", "m1")
    assert (row_codes(world)[-1], owner_of_the_event(world)) == ("sent_again", "m1-2")
    assert world.mails == 2


def test_two_persons_who_send_it_again_send_one_mail(world: InMemoryHerald) -> None:
    assert_settled(world, State.BOUNCED)
    assert [world.deliver(resend_delivery()).kind for _ in range(2)] == [OutcomeKind.SENT, OutcomeKind.DUPLICATE]
    assert world.mails == 2


def test_a_third_mail_is_asked_for_of_the_second(world: InMemoryHerald) -> None:
    assert_settled(world, State.DELIVERED)
    world.deliver(resend_delivery())
    world.clock.forward(_HOLD)
    outcome = world.deliver(resend_delivery("m1-2"))
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.SENT, "m1-3")


def test_again_is_never_without_a_yes(world: InMemoryHerald) -> None:
    assert_settled(world, State.SOFT_BOUNCED)
    assert world.deliver(resend_delivery(confirmed=False)).kind is OutcomeKind.PARKED
    letter = world.dead.letters.pop()
    assert letter.attributes["instead_of"] == "m1"
    assert world.mails == 1
    assert world.deliver(redrive(letter, confirmed=True)).kind is OutcomeKind.SENT


def test_again_is_not_for_who_complained(world: InMemoryHerald) -> None:
    assert_settled(world, State.COMPLAINED)
    assert world.deliver(resend_delivery()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


def test_again_waits_until_the_first_can_no_longer_be_on_its_way(world: InMemoryHerald) -> None:
    leave(world, State.SENT)
    waiting = world.deliver(resend_delivery())
    assert (waiting.kind, waiting.retry_at, world.mails) == (OutcomeKind.HELD, world.record().held_until, 1)
    world.clock.forward(_HOLD)
    assert world.deliver(resend_delivery()).kind is OutcomeKind.SENT


def test_again_to_an_address_on_the_list_waits_until_it_is_off(world: InMemoryHerald) -> None:
    assert_settled(world, State.BOUNCED)
    world.suppress()
    assert world.deliver(resend_delivery()).kind is OutcomeKind.SUPPRESSED
    assert (world.state(), world.state("m1-2")) == (State.BOUNCED, State.SUPPRESSED)
    world.unsuppress()
    assert world.deliver(delivery("m1-2", letter=world.record("m1-2").owner)).kind is OutcomeKind.SENT


def test_again_refused_is_rejected_under_its_own_name_and_redriven_in_place(world: InMemoryHerald) -> None:
    assert_settled(world, State.REFUSED)
    world.post.answers = [RefusedForGood("bad content")]
    assert world.deliver(resend_delivery()).kind is OutcomeKind.REJECTED
    assert (world.state(), world.state("m1-2")) == (State.REFUSED, State.REJECTED)
    assert world.deliver(redrive(world.dead.letters.pop())).kind is OutcomeKind.SENT


def test_again_asks_no_age_of_the_event(world: InMemoryHerald) -> None:
    assert_settled(world, State.DELIVERED)
    world.clock.forward(30 * _DAY)
    assert world.deliver(resend_delivery()).kind is OutcomeKind.SENT


def test_a_report_on_the_first_says_nothing_of_the_second(world: InMemoryHerald) -> None:
    assert_settled(world, State.SENT)
    world.deliver(resend_delivery())
    world.ledger.apply_feedback("m1", Action.FEEDBACK_BOUNCED, TimelineRow(State.BOUNCED, world.clock(), "r1"))
    assert (world.state("m1"), world.state("m1-2")) == (State.BOUNCED, State.SENT)


@pytest.mark.parametrize(
    ("message_id", "successor"),
    [
        ("01234567-0123-0123-0123-012345678901", "01234567-0123-0123-0123-012345678901-2"),
        ("01234567-0123-0123-0123-012345678901-2", "01234567-0123-0123-0123-012345678901-3"),
        ("m1-9", "m1-10"),
        ("m1-1", "m1-1-2"),
    ],
)
def test_each_mail_that_is_sent_again_has_one_name(message_id: str, successor: str) -> None:
    assert successor_id(message_id) == successor
