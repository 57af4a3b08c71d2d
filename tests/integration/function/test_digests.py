"""Events that are mailed together: collected for their reader's digest, which is one mail."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery, event_item
from function.delivery.outcome import Outcome, OutcomeKind
from function.errors import ProviderUnavailable
from function.event.envelope import Delivery, QueueItem
from function.ledger.digest_windows import DigestWindows
from function.ledger.states import State
from function.ledger.writes.requests import update
from function.message.catalogue import Catalogue
from operations.remedies import Remedy, RemedyAction
from operations.why.explanation import MailExplanation, explain_mail
from operations.why.mail import MailStory
from package.notifications.catalogue import EXAMPLES, compile_catalogue, read_examples

#: Five in the morning of a day in November.
_FIVE = 1_795_237_200_000
_HOUR = 3600
_DATA: dict[str, Any] = read_examples("comments", EXAMPLES)["typical"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "table" in metafunc.fixturenames:
        metafunc.parametrize("table", ["moto", "memory"], indirect=True)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("mails")
    return compile_catalogue(folder, EXAMPLES)


@pytest.fixture
def world(table: Any, catalogue: Catalogue) -> InMemoryHerald:
    world = InMemoryHerald(table, catalogue)
    world.schedules = True
    world.clock.now = _FIVE
    return world


def comment(event_id: str, on: str = "", message_id: str | None = None, **recipient: Any) -> Delivery:
    """A comment `event_id` as its own message, on something that is called like it."""
    data = {"recipient": _DATA["recipient"] | recipient, "comment": _DATA["comment"] | {"on": on or f"On {event_id}"}}
    return delivery(message_id or event_id, event(event_id, "comments", data=data, time=format_time(_FIVE)))


def format_time(now: int) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).isoformat()


def cancellation(event_id: str) -> Delivery:
    return delivery("c1", event("cancel", "mail.cancel", data={"source": "urn:herald:webapp", "id": event_id}))


def list_requests(world: InMemoryHerald) -> list[Delivery]:
    """What the scheduler asks for, as notify meets it."""
    item = QueueItem("item", "handle", 1)
    return [Delivery(found.message_id, found.body, in_ledger=True, item=item) for found in world.run_scheduler()]


def send_due(world: InMemoryHerald) -> list[Outcome]:
    return [world.deliver(found) for found in list_requests(world)]


def lines(world: InMemoryHerald) -> list[list[str]]:
    """The events that each mail tells of."""
    return [
        [word for line in mail.text.splitlines() if line.startswith("On ") for word in [line.split(",")[0][3:]]]
        for _, mail in world.post.taken
    ]


def window(world: InMemoryHerald, message_id: str = "e1") -> str:
    found = world.record(message_id).window
    assert found is not None
    return found


# -- one mail ---------------------------------------------------------------------------------------------------------


def test_the_events_of_a_day_are_one_mail_at_eight_in_the_readers_morning(world: InMemoryHerald) -> None:
    for name in ("e1", "e2", "e3"):
        assert world.deliver(comment(name)).kind is OutcomeKind.COLLECTED
    world.clock.forward(3 * _HOUR - 1)
    assert send_due(world) == []
    world.clock.forward(1)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SENT]
    assert send_due(world) == []
    assert lines(world) == [["e1", "e2", "e3"]]
    assert world.post.taken[0][1].subject == "3 new comments"
    assert world.state("e1") is State.COLLECTED
    assert world.state(window(world)) is State.SENT


def test_each_reader_has_a_mail_of_their_own_at_eight_where_they_are(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    world.deliver(comment("e2", email="layla@example.org", timezone="Africa/Cairo"))
    world.deliver(comment("e3", email="kim@example.org", timezone="No/Such"))
    world.clock.forward(_HOUR)
    send_due(world)
    assert [mail.to for _, mail in world.post.taken] == ["layla@example.org"]
    world.clock.forward(2 * _HOUR)
    send_due(world)
    assert sorted(mail.to for _, mail in world.post.taken[1:]) == ["ada@example.com", "kim@example.org"]


def test_a_day_without_events_is_no_mail(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    for _ in range(3):
        world.clock.forward(24 * _HOUR)
        send_due(world)
    assert lines(world) == [["e1"]]


def test_what_was_published_and_delivered_twice_is_told_once(world: InMemoryHerald) -> None:
    for given in (comment("e1"), comment("e1"), comment("e1", message_id="m2")):
        world.deliver(given)
    world.clock.forward(3 * _HOUR)
    send_due(world)
    outcome = world.deliver(comment("e1", message_id="m3"))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already collected")
    assert lines(world) == [["e1"]]


def test_more_than_a_digest_has_lines_is_counted(world: InMemoryHerald) -> None:
    for number in range(23):
        world.deliver(comment(f"e{number}"))
    world.clock.forward(3 * _HOUR)
    send_due(world)
    assert len(lines(world)[0]) == 20
    assert "and 3 more" in world.post.taken[0][1].text
    assert world.post.taken[0][1].subject == "23 new comments"


def test_a_full_window_leaves_the_rest_to_the_next(world: InMemoryHerald, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("function.ledger.digest_windows.LARGEST", 2)
    for name in ("e1", "e2", "e3"):
        world.deliver(comment(name))
    world.clock.forward(3 * _HOUR)
    send_due(world)
    world.clock.forward(24 * _HOUR)
    send_due(world)
    assert lines(world) == [["e1", "e2"], ["e3"]]


# -- as it closes -----------------------------------------------------------------------------------------------------


def test_an_event_that_comes_as_its_window_closes_is_in_the_next(
    world: InMemoryHerald, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver(comment("e1"))
    world.clock.forward(3 * _HOUR)
    read, late = DigestWindows._read_events, [comment("e2")]

    def slow(windows: DigestWindows, record: Any) -> list[str]:
        found = [*read(windows, record)]
        if late:
            world.clock.forward(-600)
            world.deliver(late.pop())
            world.clock.forward(600)
        return found

    monkeypatch.setattr(DigestWindows, "_read_events", slow)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SENT]
    assert world.deliver(comment("e3")).kind is OutcomeKind.COLLECTED
    world.clock.forward(24 * _HOUR)
    send_due(world)
    assert lines(world) == [["e1", "e2"], ["e3"]]


def test_who_has_a_clock_behind_puts_it_into_the_next_window_once_it_is_closed(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    world.clock.forward(3 * _HOUR)
    send_due(world)
    world.clock.forward(-600)
    assert world.deliver(comment("e2")).kind is OutcomeKind.COLLECTED
    world.clock.forward(600 + 24 * _HOUR)
    send_due(world)
    assert lines(world) == [["e1"], ["e2"]]


def test_a_scheduler_ahead_is_told_to_come_again(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    world.clock.forward(3 * _HOUR)
    found = list_requests(world)
    world.clock.forward(-600)
    (outcome,) = [world.deliver(each) for each in found]
    assert (outcome.kind, outcome.retry_at) == (OutcomeKind.HELD, _FIVE + 3 * _HOUR * 1000)
    world.clock.forward(600)
    assert world.deliver(found[0]).kind is OutcomeKind.SENT


def test_two_closers_send_one_mail(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    world.clock.forward(3 * _HOUR)
    found = list_requests(world) * 2
    kinds = [world.deliver(each).kind for each in found]
    assert kinds == [OutcomeKind.SENT, OutcomeKind.DUPLICATE]
    assert world.mails == 1


def test_what_is_not_sent_is_tried_again_with_the_same_lines(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    world.clock.forward(3 * _HOUR)
    world.post.answers.append(ProviderUnavailable("down"))
    found = list_requests(world)
    assert world.deliver(found[0]).kind is OutcomeKind.RELEASED
    assert world.deliver(comment("e2")).kind is OutcomeKind.COLLECTED
    assert world.deliver(found[0]).kind is OutcomeKind.SENT
    assert lines(world) == [["e1"]]


# -- cancelled, corrected, erased -------------------------------------------------------------------------------------


def test_a_cancelled_event_is_in_no_mail_and_a_window_without_any_is_none(world: InMemoryHerald) -> None:
    for name in ("e1", "e2"):
        world.deliver(comment(name))
    assert world.deliver(cancellation("e1")).kind is OutcomeKind.CANCELLED
    assert world.state("e1") is State.CANCELLED
    assert world.deliver(cancellation("e2")).kind is OutcomeKind.CANCELLED
    world.clock.forward(3 * _HOUR)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.CANCELLED]
    assert world.mails == 0
    assert world.state(window(world)) is State.CANCELLED
    assert send_due(world) == []


def test_a_cancellation_after_the_window_is_too_late_and_said(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    world.clock.forward(3 * _HOUR)
    send_due(world)
    outcome = world.deliver(cancellation("e1"))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "too late to cancel: its digest is closed")
    assert outcome.also == ("CancelledTooLate",)
    assert world.record("e1").cancelled_by == "c1"


def test_the_last_content_is_what_the_digest_tells(world: InMemoryHerald) -> None:
    for name in ("e1", "e2"):
        world.deliver(comment(name))
    assert world.deliver(comment("e1", "On second thoughts", "m2")).kind is OutcomeKind.COLLECTED
    assert [world.state(name) for name in ("e1", "m2")] == [State.REPLACED, State.COLLECTED]
    world.clock.forward(3 * _HOUR)
    send_due(world)
    assert lines(world) == [["e2", "second thoughts"]] or lines(world) == [["second thoughts", "e2"]]


def test_other_content_for_another_reader_leaves_the_first_ones_digest(world: InMemoryHerald) -> None:
    for name in ("e1", "e2"):
        world.deliver(comment(name))
    world.deliver(comment("e1", message_id="m2", email="kim@example.org"))
    world.clock.forward(3 * _HOUR)
    send_due(world)
    assert sorted((mail.to, found) for (_, mail), found in zip(world.post.taken, lines(world), strict=True)) == [
        ("ada@example.com", ["e2"]),
        ("kim@example.org", ["e1"]),
    ]


def test_other_content_after_the_window_is_too_late_and_said(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    world.clock.forward(3 * _HOUR)
    send_due(world)
    outcome = world.deliver(comment("e1", "On second thoughts", "m2"))
    assert (outcome.kind, outcome.also) == (OutcomeKind.DUPLICATE, ("CorrectedTooLate",))
    assert world.mails == 1


def test_an_erased_event_is_in_no_digest(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    world.ledger.table.update(update("herald-ledger", event_item("e1"), "REMOVE #body", "attribute_exists(#body)", {}))
    world.clock.forward(3 * _HOUR)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.CANCELLED]
    assert world.mails == 0


def test_who_unsubscribed_has_no_digest_and_nothing_is_collected_for_them(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    world.suppress()
    assert world.deliver(comment("e2")).kind is OutcomeKind.SUPPRESSED
    world.clock.forward(3 * _HOUR)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SUPPRESSED]
    assert world.mails == 0


# -- what may not be --------------------------------------------------------------------------------------------------


def test_a_deployment_that_keeps_nothing_for_later_rejects_it_visibly(world: InMemoryHerald) -> None:
    world.schedules = False
    assert world.deliver(comment("e1")).kind is OutcomeKind.REJECTED
    assert world.record("e1").reason_code == "scheduling_off"
    world.schedules = True
    redriven = comment("e1")
    assert world.deliver(Delivery("e1", redriven.body, letter=world.record("e1").owner)).kind is OutcomeKind.COLLECTED


def test_nobody_publishes_or_cancels_in_the_name_of_a_digest(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    name = window(world)
    forged = event(name, "comments", source="urn:herald:digest", data=_DATA)
    assert world.deliver(delivery("m2", forged)).kind is OutcomeKind.REJECTED
    cancel = event("cancel", "mail.cancel", data={"source": "urn:herald:digest", "id": name})
    assert world.deliver(delivery("m3", cancel)).kind is OutcomeKind.REJECTED
    world.clock.forward(3 * _HOUR)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SENT]


def test_a_digest_and_its_event_are_kept_for_the_retention_after_its_window(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    expiry = str(_FIVE // 1000 + 3 * _HOUR + 60 * 86_400)
    items = [world.item(key) for key in ("message#e1", event_item("e1"), f"message#{window(world)}")]
    assert [item and item["expires_at"]["N"] for item in items] == [expiry] * 3


def explain(world: InMemoryHerald, message_id: str) -> MailExplanation:
    return explain_mail(MailStory(world.record(message_id)), world.clock())


def test_why_tells_in_which_digest_an_event_is_and_what_became_of_that(world: InMemoryHerald) -> None:
    world.deliver(comment("e1"))
    name = window(world)
    event_told, digest_told = explain(world, "e1"), explain(world, name)
    assert event_told.what == "No mail of its own: it is told in its reader's digest."
    assert name in event_told.why
    assert event_told.remedies == (Remedy(RemedyAction.EXPLAIN, name),)
    assert digest_told.what == "No mail yet: a digest that collects events, 1 event so far."
    assert digest_told.why == "Its window ends at 2026-11-21 08:00:00 UTC."
    world.clock.forward(5 * _HOUR)
    assert explain(world, name).what == "No mail yet, and its time has come."
    send_due(world)
    assert explain(world, name).what.startswith("One mail went")
    world.deliver(cancellation("e1"))
    assert "A cancellation came too late, as c1." in explain(world, "e1").why
