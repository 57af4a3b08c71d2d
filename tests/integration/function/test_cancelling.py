"""Events that cancel others: before their time, after it, and too late."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery, event_item
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable
from function.event.envelope import QueueItem
from function.ledger.attempt import Attempt, Held
from function.ledger.states import State
from tests.integration.function.scheduled_events import (
    DAY,
    HOLD,
    KEPT_IN_EITHER,
    OTHER,
    cancellation,
    codes,
    format_time,
    from_queue,
    make_scheduled_event,
    send_due,
)

pytestmark = KEPT_IN_EITHER


def test_what_waits_is_cancelled_and_never_mailed(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    outcome = world.deliver(cancellation())
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.CANCELLED, "m1")
    world.clock.forward(DAY)
    assert send_due(world) == []
    assert codes(world) == [("scheduled", "scheduled"), ("cancelled", "cancelled")]
    item = world.item(event_item())
    assert item is not None
    assert "body" not in item, "what will be no mail is not kept"


def test_a_cancellation_between_the_scheduler_and_the_send_wins(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    world.clock.forward(DAY)
    (asked,) = world.run_scheduler()
    world.deliver(cancellation())
    outcome = world.deliver(from_queue(asked))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already cancelled")
    assert world.mails == 0


def test_a_cancellation_that_comes_before_its_event_stops_it(world: InMemoryHerald) -> None:
    assert world.deliver(cancellation()).detail == "before its event came"
    for message, value in (("m1", make_scheduled_event(world)), ("m2", event()), ("m3", event(data=OTHER))):
        assert world.deliver(delivery(message, value)).detail == "already cancelled"
    assert world.mails == 0
    assert world.record("c1").id == "01JD6Q1M4X9Z8T7V5R3N2K0B4C"


@pytest.mark.parametrize("ahead", [False, True])
def test_what_was_cancelled_is_remembered_as_long_as_its_event_might_have_been(
    world: InMemoryHerald, ahead: bool
) -> None:
    if not ahead:
        world.deliver(delivery(value=make_scheduled_event(world, 90 * DAY)))
    expiry = world.clock() // 1000 + 150 * DAY
    world.deliver(cancellation())
    items = [world.item("message#c1" if ahead else "message#m1"), world.item(event_item())]
    assert [item and item["expires_at"]["N"] for item in items] == [str(expiry)] * 2
    world.clock.forward(149 * DAY)
    late = event(sendat=format_time(world, DAY), time=format_time(world, 0))
    assert world.deliver(delivery("m2", late)).detail == "already cancelled"


def test_it_may_be_repeated_and_a_correction_comes_too_late_for_it(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    world.deliver(cancellation())
    assert world.deliver(cancellation(message_id="c2")).detail == "already cancelled"
    assert world.deliver(delivery("m2", event(data=OTHER))).detail == "already cancelled"
    assert world.mails == 0


def test_what_was_sent_is_not_called_back_and_its_timeline_says_so_once(world: InMemoryHerald) -> None:
    world.deliver(delivery())
    outcomes = [world.deliver(cancellation(message_id=name)) for name in ("c1", "c2")]
    assert [outcome.also for outcome in outcomes] == [("CancelledTooLate",), ()]
    assert codes(world)[-1] == ("sent", "cancelled_too_late")
    assert world.record().cancelled_by == "c1"
    assert world.state() is State.SENT


def test_a_cancellation_waits_while_the_mail_may_be_leaving(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    outcome = world.deliver(cancellation())
    assert (outcome.kind, outcome.retry_at) == (OutcomeKind.HELD, world.record().held_until)
    world.clock.forward(HOLD)
    assert world.deliver(cancellation()).detail == "too late to cancel: unknown, it may have been sent"


def test_what_may_have_gone_and_was_cancelled_is_not_sent_once_more_by_policy(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    doubtful = world.record()
    world.clock.forward(HOLD)
    world.report_twice()
    world.deliver(cancellation())
    attempt = Attempt("m1", "another", address=doubtful.address or "", event_key=doubtful.event_key)
    assert isinstance(world.ledger.resend(attempt, doubtful), Held), "whoever read it before the cancellation"
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED
    assert (world.mails, len(world.dead.letters)) == (1, 1)
    assert world.record().parked == doubtful.owner
    redriven = delivery(letter=doubtful.owner, confirmed=True)
    assert world.deliver(redriven).kind is OutcomeKind.SENT, "a person may send it all the same"


def test_a_cancellation_was_not_too_late_if_nothing_was_sent_after_all(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")]
    busy = QueueItem("item", "handle", 1)
    attempt = Attempt("m1", "late", "book.created", event_item(), address="address#1", source="urn:x", id="e")
    world.ledger.claim(attempt)
    world.clock.forward(HOLD)
    assert world.deliver(cancellation()).detail == "too late to cancel: sending, it may have been sent"
    outcome = world.deliver(delivery(not_sent="m1 late", item=busy))
    assert (outcome.kind, outcome.detail, world.mails) == (OutcomeKind.DUPLICATE, "already cancelled", 0)
    assert codes(world) == [
        ("sending", ""),
        ("sending", "cancelled_too_late"),
        ("released", "ledger_busy"),
        ("cancelled", "cancelled"),
    ]
    assert (world.record().cancelled_by, world.record().reason_code) == (None, "cancelled")
    item = world.item(event_item())
    assert item is not None
    assert "body" not in item
    assert world.deliver(cancellation(message_id="c2")).detail == "already cancelled"


def test_a_mail_that_is_tried_again_or_waits_for_a_person_is_cancelled(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")]
    world.deliver(delivery())
    assert world.deliver(cancellation()).kind is OutcomeKind.CANCELLED
    assert world.deliver(delivery()).detail == "already cancelled"
    world.deliver(delivery("m2", event("bad", data={})))
    assert world.deliver(cancellation("bad")).kind is OutcomeKind.CANCELLED
    letter = world.dead.letters[0].attributes["attempt"]
    assert world.deliver(delivery("m2", event("bad"), letter=letter)).detail == "already cancelled"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"id": "e"},
        *(
            {"source": "urn:x", "id": id_}
            for id_ in ("", 5, None, "\ud800", "e\udfff", "a\nb", "e\n", "\u2028", "e" * 257)
        ),
        *({"source": source, "id": "e"} for source in ("urn:\udc00", "urn:\x7f", "u" * 1025)),
    ],
    ids=ascii,
)
def test_a_cancellation_that_names_no_event_is_a_letter(world: InMemoryHerald, data: dict[str, Any]) -> None:
    assert world.deliver(delivery("c1", event("c", "mail.cancel", data=data))).kind is OutcomeKind.REJECTED
    assert world.record("c1").reason_code == "event_invalid"


def test_where_nothing_is_kept_for_later_a_cancellation_is_an_unknown_type(world: InMemoryHerald) -> None:
    world.schedules = False
    world.deliver(cancellation())
    assert world.record("c1").reason_code == "type_unknown"
