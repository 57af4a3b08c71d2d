"""The answer to a send is lost: what settles the mail, and when it is sent once more."""

from __future__ import annotations

import pytest

from fakes.in_memory_herald import InMemoryHerald, delivery, redrive
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable, RefusedForGood
from function.ledger.states import Action, State

_HOLD = 15 * 60
_DAY = 86_400


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On both tables: each request of the ledger is one that moto takes too."""
    if "table" in metafunc.fixturenames:
        metafunc.parametrize("table", ["moto", "memory"], indirect=True)


def test_a_lost_answer_holds_the_mail_until_feedback_settles_it(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    outcome = world.deliver(delivery())
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert outcome.retry_at is not None
    assert outcome.retry_at == world.clock() + _HOLD * 1000
    assert world.deliver(delivery()).kind is OutcomeKind.HELD
    assert world.apply_feedback(Action.FEEDBACK_SENT, State.SENT)
    world.clock.forward(_HOLD)
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


def test_an_unheard_of_mail_is_resent_once_and_then_held_for_a_person(world: InMemoryHerald) -> None:
    for _ in range(2):
        world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(_HOLD)
    world.report_twice()
    assert world.deliver(delivery()).kind is OutcomeKind.UNKNOWN
    world.clock.forward(_HOLD)
    world.report_twice()
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 2
    assert len(world.dead.letters) == 1
    assert world.state() is State.UNKNOWN
    assert world.record().expires_at == world.clock() // 1000 + 60 * _DAY


def test_with_hold_an_unheard_of_mail_is_never_resent(world: InMemoryHerald) -> None:
    world.resends = 0
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(_HOLD)
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED
    assert world.mails == 1


def test_a_parked_mail_is_sent_again_only_with_a_persons_yes(world: InMemoryHerald) -> None:
    world.resends = 0
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(_HOLD)
    world.deliver(delivery())
    letter = world.dead.letters.pop()
    assert world.deliver(redrive(letter)).kind is OutcomeKind.PARKED, (
        "the console's button is no yes: the letter comes back"
    )
    letter = world.dead.letters.pop()
    assert world.deliver(redrive(letter, confirmed=True)).kind is OutcomeKind.SENT
    assert world.deliver(redrive(letter, confirmed=True)).kind is OutcomeKind.DUPLICATE
    assert world.mails == 2


def test_a_resend_that_was_not_sent_leaves_the_first_in_doubt(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(_HOLD)
    world.report_twice()
    world.post.answers = [ProviderUnavailable("down")]
    assert world.deliver(delivery()).kind is OutcomeKind.RELEASED
    assert world.state() is State.UNKNOWN
    assert world.deliver(delivery()).kind is OutcomeKind.HELD, "what is in doubt is in doubt from now on"
    world.report_twice()
    assert world.deliver(delivery()).kind is OutcomeKind.SENT
    assert world.mails == 2


def test_a_resend_refused_for_good_goes_to_a_person_as_in_doubt(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(_HOLD)
    world.report_twice()
    world.post.answers = [RefusedForGood("bad content")]
    assert world.deliver(delivery()).kind is OutcomeKind.REJECTED
    assert world.state() is State.UNKNOWN
    letter = world.dead.letters.pop()
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE
    assert world.deliver(redrive(letter, confirmed=True)).kind is OutcomeKind.SENT


def test_killed_after_the_send_the_send_event_makes_it_one_mail(world: InMemoryHerald) -> None:
    world.post.accept_then(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.deliver(delivery())
    assert world.state() is State.SENDING
    assert world.deliver(delivery()).kind is OutcomeKind.HELD
    world.apply_feedback(Action.FEEDBACK_SENT, State.SENT)
    world.clock.forward(_HOLD)
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


def test_feedback_faster_than_the_record_is_a_success(world: InMemoryHerald) -> None:
    world.post.answers = [lambda: world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED)]
    assert world.deliver(delivery()).kind is OutcomeKind.SENT
    assert world.state() is State.DELIVERED
    item = world.item("message#m1")
    assert item is not None
    assert [row["M"]["state"]["S"] for row in item["timeline"]["L"]] == ["sending", "delivered", "sent"]


def test_a_stale_owner_writes_nothing(world: InMemoryHerald) -> None:
    def sleep_past_the_hold() -> None:
        world.clock.forward(_HOLD + 1)
        world.report_twice()
        world.deliver(delivery())

    world.post.answers = [sleep_past_the_hold, OutcomeUnknown("lost")]
    assert world.deliver(delivery()).kind is OutcomeKind.SENT
    assert world.state() is State.UNKNOWN, "the second owner's word stands"
