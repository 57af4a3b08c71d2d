"""Events that are to be sent later: kept until their time, and then mailed once."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery, event_item
from function.delivery.outcome import OutcomeKind
from function.ledger.states import State
from tests.integration.function.scheduled_events import (
    DAY,
    KEPT_IN_EITHER,
    codes,
    format_time,
    make_scheduled_event,
    send_due,
)

pytestmark = KEPT_IN_EITHER


def test_an_event_is_mailed_once_at_the_time_that_it_names(world: InMemoryHerald) -> None:
    assert world.deliver(delivery(value=make_scheduled_event(world))).kind is OutcomeKind.SCHEDULED
    world.clock.forward(DAY - 1)
    assert send_due(world) == []
    assert world.mails == 0
    world.clock.forward(1)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SENT]
    assert send_due(world) == []
    assert world.mails == 1
    assert codes(world) == [("scheduled", "scheduled"), ("sent", "")]


def test_it_is_in_the_index_until_it_is_claimed_and_no_longer(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    due = world.record().due_at
    assert due == world.clock() + DAY * 1000
    world.clock.forward(DAY)
    send_due(world)
    item = world.item("message#m1")
    assert item is not None
    assert not {"due", "due_at", "scheduled_for"} & item.keys()


def test_record_and_event_are_kept_for_the_retention_after_its_time(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world, 90 * DAY)))
    items = [world.item(key) for key in ("message#m1", event_item())]
    expiry = world.clock() // 1000 + 150 * DAY
    assert [item and item["expires_at"]["N"] for item in items] == [str(expiry)] * 2


def test_a_second_publication_and_a_second_delivery_wait_with_the_first(world: InMemoryHerald) -> None:
    value = make_scheduled_event(world)
    world.deliver(delivery(value=value))
    for repeated in (
        delivery(value=value),
        delivery("m2", value),
        delivery("m3", value | {"time": format_time(world, 0)}),
    ):
        outcome = world.deliver(repeated)
        assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already scheduled")
    world.clock.forward(DAY)
    send_due(world)
    assert world.mails == 1


@pytest.mark.parametrize("seconds", [0, -1, -100 * DAY])
def test_what_names_a_time_that_is_past_is_sent_at_once(world: InMemoryHerald, seconds: float) -> None:
    assert (
        world.deliver(delivery(value=make_scheduled_event(world, seconds, time=format_time(world, 0)))).kind
        is OutcomeKind.SENT
    )


def test_ninety_days_ahead_is_taken_and_more_is_rejected(world: InMemoryHerald) -> None:
    assert world.deliver(delivery(value=make_scheduled_event(world, 90 * DAY))).kind is OutcomeKind.SCHEDULED
    outcome = world.deliver(delivery("m2", make_scheduled_event(world, 90 * DAY + 1, event_id="other")))
    assert outcome.kind is OutcomeKind.REJECTED
    assert world.dead.reasons == ["sendat is more than 90 days ahead (at /sendat)"]


@pytest.mark.parametrize("sendat", ["tomorrow", "2026-12-01", "2026-12-01T08:00:00", "2026-02-29T08:00:00Z", 5, ""])
def test_what_is_no_time_is_rejected_with_its_place(world: InMemoryHerald, sendat: Any) -> None:
    assert world.deliver(delivery(value=event(sendat=sendat))).kind is OutcomeKind.REJECTED
    assert "/sendat" in world.dead.reasons[0]


def test_a_deployment_that_keeps_nothing_for_later_rejects_it_visibly(world: InMemoryHerald) -> None:
    world.schedules = False
    assert world.deliver(delivery(value=make_scheduled_event(world))).kind is OutcomeKind.REJECTED
    assert world.record().reason_code == "scheduling_off"
    world.schedules = True
    redriven = delivery(value=make_scheduled_event(world), letter=world.record().owner)
    assert world.deliver(redriven).kind is OutcomeKind.SCHEDULED, "switched on, and redriven, it waits for its time"


def test_what_another_version_keeps_is_not_rejected_by_one_that_keeps_nothing(world: InMemoryHerald) -> None:
    value = make_scheduled_event(world)
    world.deliver(delivery(value=value))
    world.schedules = False
    for repeated in (delivery(value=value), delivery("m2", value)):
        outcome = world.deliver(repeated)
        assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already scheduled")
    assert world.dead.letters == []
    world.clock.forward(DAY)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SENT]


def test_the_age_of_what_waited_counts_from_the_time_at_which_it_was_to_be_sent(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world, 80 * DAY, time=format_time(world, 0))))
    world.clock.forward(80 * DAY)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SENT]


def test_another_time_is_other_content_and_moves_the_mail(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world, DAY)))
    assert world.deliver(delivery("m2", make_scheduled_event(world, 2 * DAY))).kind is OutcomeKind.SCHEDULED
    assert [world.state("m1"), world.state("m2")] == [State.REPLACED, State.SCHEDULED]
    world.clock.forward(DAY)
    assert send_due(world) == []
    world.clock.forward(DAY)
    assert [outcome.message_id for outcome in send_due(world)] == ["m2"]


def test_published_again_without_a_time_it_is_sent_at_once(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    assert world.deliver(delivery("m2")).kind is OutcomeKind.SENT
    world.clock.forward(DAY)
    assert send_due(world) == []


@pytest.mark.parametrize("what", ["suppressed", "unsubscribed"])
def test_who_wants_no_mail_when_its_time_comes_gets_none(world: InMemoryHerald, what: str) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    world.clock.forward(DAY)
    if what == "suppressed":
        world.suppress()
    else:
        world.stop("books")
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SUPPRESSED]
    assert world.record().due_at is None
