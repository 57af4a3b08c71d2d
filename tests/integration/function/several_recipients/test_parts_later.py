"""Mails to several recipients that wait, that go into a digest, or that are cancelled."""

from __future__ import annotations

from datetime import UTC, datetime

from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import OutcomeKind
from function.errors import RefusedForGood
from function.ledger.states import State
from package.notifications.catalogue import EXAMPLES, read_examples
from tests.integration.function.several_recipients.parts import (
    ADA,
    EVE,
    KIM,
    cancellation,
    kinds,
    part_of,
    send_parts,
    to,
)

# -- later, together, and not at all ----------------------------------------------------------------------------------


def format_time(world: InMemoryHerald, seconds: int = 3600) -> str:
    return datetime.fromtimestamp(world.clock() / 1000 + seconds, UTC).isoformat()


def test_sent_later_each_waits_by_itself(world: InMemoryHerald) -> None:
    world.schedules = True
    world.deliver(to(ADA, KIM, sendat=format_time(world)))
    assert kinds(send_parts(world)) == [OutcomeKind.SCHEDULED] * 2
    world.clock.forward(3600)
    assert kinds([world.deliver(found) for found in world.run_scheduler()]) == [OutcomeKind.SENT] * 2


def test_sent_later_where_nothing_is_kept_it_is_one_letter(world: InMemoryHerald) -> None:
    assert world.deliver(to(ADA, KIM, sendat=format_time(world))).kind is OutcomeKind.REJECTED
    assert len(world.dead.letters) == 1


def test_each_recipients_part_is_collected_for_its_own_digest(world: InMemoryHerald) -> None:
    world.schedules = True
    comment = {
        name: value for name, value in read_examples("comments", EXAMPLES)["typical"].items() if name != "recipient"
    }
    given = delivery("m1", event("e", "comments", data={**comment, "recipients": [ADA, KIM]}))
    assert world.deliver(given).kind is OutcomeKind.PARTED
    assert kinds(send_parts(world)) == [OutcomeKind.COLLECTED] * 2
    assert part_of(world, 0).window != part_of(world, 1).window


def test_cancelled_while_they_wait_nobody_gets_a_mail(world: InMemoryHerald) -> None:
    world.schedules = True
    world.deliver(to(ADA, KIM, sendat=format_time(world)))
    send_parts(world)
    outcome = world.deliver(cancellation())
    assert (outcome.kind, outcome.detail) == (OutcomeKind.CANCELLED, "2 recipients")
    assert kinds(send_parts(world)) == [OutcomeKind.CANCELLED] * 2
    assert {part_of(world, number).state for number in range(2)} == {State.CANCELLED}
    assert world.state("m1") is State.CANCELLED
    world.clock.forward(3600)
    assert world.run_scheduler() == []


def test_cancelled_before_its_parts_are_delivered_nobody_gets_a_mail(world: InMemoryHerald) -> None:
    world.schedules = True
    world.deliver(to(ADA, KIM))
    parts, world.retry.letters = world.retry.letters, []
    world.deliver(cancellation())
    assert kinds(send_parts(world)) == [OutcomeKind.CANCELLED] * 2
    world.retry.letters = parts
    assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2
    assert world.mails == 0


def test_cancelled_before_it_comes_it_is_not_parted(world: InMemoryHerald) -> None:
    world.schedules = True
    assert world.deliver(cancellation()).kind is OutcomeKind.CANCELLED
    assert world.deliver(to(ADA, KIM)).kind is OutcomeKind.DUPLICATE
    assert world.retry.letters == []


def test_cancelled_when_one_was_mailed_each_timeline_says_its_own(world: InMemoryHerald) -> None:
    world.schedules = True
    world.post.answers = [None, RefusedForGood("no")]
    world.deliver(to(ADA, KIM))
    send_parts(world)
    world.deliver(cancellation())
    assert sorted(kinds(send_parts(world))) == [OutcomeKind.CANCELLED, OutcomeKind.DUPLICATE]
    assert {part_of(world, number).state for number in range(2)} == {State.CANCELLED, State.SENT}


def test_what_was_cancelled_stays_so_whoever_is_new_in_other_content(world: InMemoryHerald) -> None:
    world.schedules = True
    world.deliver(to(ADA, KIM))
    world.retry.letters.clear()
    world.deliver(cancellation())
    send_parts(world)
    for again in (to(ADA, KIM), to(ADA, KIM, EVE, message_id="m2")):
        outcome = world.deliver(again)
        assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already cancelled")
    assert send_parts(world) == []
    assert world.mails == 0


def test_a_cancellation_that_dies_between_is_delivered_again_and_cancels_the_rest(world: InMemoryHerald) -> None:
    world.schedules = True
    world.deliver(to(ADA, KIM, sendat=format_time(world)))
    send_parts(world)
    world.deliver(cancellation())
    world.retry.letters = world.retry.letters[:1]
    send_parts(world)
    world.deliver(cancellation())
    assert sorted(kinds(send_parts(world))) == [OutcomeKind.CANCELLED, OutcomeKind.DUPLICATE]
