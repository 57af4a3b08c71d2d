"""What SNS took and the ledger does not have at rest is published again, ever more rarely, and only that."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from function.ledger.attributes import serialize_item
from function.ledger.keys import event_key
from function.ledger.states import State
from tests.integration.webapp.conftest import Clock, Cloud
from tests.integration.webapp.outbox.test_publisher import ADA, Lambda, Sns, add, metrics, row, stream_of
from webapp.composition import Services
from webapp.functions import reconcile, relay
from webapp.outbox.outbox import OutboxEvent
from webapp.outbox.publisher import Publisher
from webapp.settings import ReconcileSettings

HOUR = 3600
DAY = 24 * HOUR
NOTHING = {"published": 0, "rejected": 0, "left": 0, "settled": 0}
MOVING = ("sending", "unknown", "released")
AT_REST = [state.value for state in State if state not in MOVING]


@pytest.fixture(autouse=True)
def composed(publisher: Publisher, services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ReconcileSettings(ledger_table="herald-ledger", event_source="urn:herald:webapp")
    monkeypatch.setattr(relay, "compose", lambda: publisher)
    monkeypatch.setattr(reconcile, "compose", lambda: (settings, services.outbox, services.ledger, publisher))
    monkeypatch.setattr(reconcile, "read_clock", clock)


@pytest.fixture
def event(services: Services, cloud: Cloud) -> OutboxEvent:
    """An event that SNS has just taken."""
    event = add(services)
    relay.handler(stream_of(cloud), None)
    return event


def write_report(cloud: Cloud, event: OutboxEvent, state: str, at: int, **more: object) -> None:
    """Let the ledger have the event in this state since `at`."""
    rows = [{"state": state, "at": at, "release": "r"}]
    owner = {"pk": event_key("urn:herald:webapp", event.id), "message_id": "m"}
    for item in (owner, {"pk": "message#m", "state": state, "timeline": rows, **more}):
        cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(item))


def run_hourly(clock: Clock, hours: int) -> list[int]:
    """Let the schedule run it every hour and a second; after how many hours it published."""
    published = []
    for hour in range(1, hours + 1):
        clock.forward(HOUR + 1)
        published += [hour] * reconcile.handler(None, Lambda())["published"]
    return published


@pytest.mark.parametrize("state", AT_REST)
def test_what_is_at_rest_is_settled_and_leaves_the_index(
    event: OutboxEvent, cloud: Cloud, clock: Clock, state: str
) -> None:
    write_report(cloud, event, state, clock())
    clock.forward(3601)
    assert reconcile.handler(None, Lambda()) == NOTHING | {"settled": 1}
    [settled] = cloud.rows("outbox")
    assert "queue" not in settled
    assert int(settled["expires_at"]["N"]) == clock() // 1000 + 180 * 24 * 3600
    assert reconcile.handler(None, Lambda()) == NOTHING
    assert len(cloud.receive()) == 1


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_what_waits_for_a_person_is_at_rest(event: OutboxEvent, cloud: Cloud, clock: Clock, state: str) -> None:
    write_report(cloud, event, state, clock(), parked="an attempt")
    clock.forward(3601)
    assert reconcile.handler(None, Lambda())["settled"] == 1


def test_what_was_rejected_before_its_id_was_read_is_known_by_its_message(
    event: OutboxEvent, cloud: Cloud, clock: Clock
) -> None:
    [heard] = cloud.receive()
    item = {"pk": f"message#{heard['MessageId']}", "state": "rejected", "timeline": []}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(item))
    clock.forward(3601)
    assert reconcile.handler(None, Lambda())["settled"] == 1


def test_what_was_lost_on_the_way_is_published_again_under_the_same_id(
    event: OutboxEvent, services: Services, cloud: Cloud, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    first_published = clock()
    [lost] = cloud.receive()
    clock.forward(3601)
    capsys.readouterr()
    assert reconcile.handler(None, Lambda())["published"] == 1
    [line] = metrics(capsys.readouterr().out)
    assert line["Republished"] == 1
    [again] = cloud.receive()
    assert again["Message"] == lost["Message"] == event.body
    marked = row(services, event)
    assert (marked.published_at, marked.republished_at) == (first_published, clock())
    assert marked.message_id == again["MessageId"]
    [told] = services.book_service.notifications(ADA, event.subject.removeprefix("books/"))
    assert [entry.state for entry in told.rows] == ["committed", "published", "published"]


@pytest.mark.parametrize(
    ("hours", "published"),
    [
        pytest.param(24, [1, 2, 4, 8, 24], id="paused for a day"),
        pytest.param(7 * 24, [1, 2, 4, 8, 24], id="paused for a week"),
    ],
)
def test_what_nobody_hears_of_is_published_ever_more_rarely(
    event: OutboxEvent, cloud: Cloud, clock: Clock, hours: int, published: list[int]
) -> None:
    assert run_hourly(clock, hours) == published
    heard = cloud.receive()
    assert len(heard) == 1 + len(published)
    assert {json.loads(each["Message"])["id"] for each in heard} == {event.id}
    write_report(cloud, event, "delivered", clock())
    run_hourly(clock, 25)
    assert reconcile.handler(None, Lambda()) == NOTHING, "settled within a day of being heard"
    assert "queue" not in cloud.rows("outbox")[0]


def test_the_schedule_ends_weekly() -> None:
    """Seen from the hours at which it was published last."""
    hour = HOUR * 1000
    schedule = reconcile.RepublicationSchedule(hour)
    event = OutboxEvent("e", "t", "s", "o", "{}", "published", 0, published_at=hour)
    due = {
        last: (schedule.compute_next_publication(replace(event, republished_at=(1 + last) * hour)) - hour) // hour
        for last in (0, 1, 3, 7, 8, 23, 24, 191, 192, 359, 360, 527, 528)
    }
    assert due == {
        0: 1, 1: 2, 3: 4, 7: 8, 8: 24, 23: 24, 24: 192, 191: 192, 192: 360, 359: 360, 360: 528, 527: 528, 528: 696,
    }  # fmt: skip


@pytest.mark.usefixtures("event")
def test_a_reconciliation_that_was_down_publishes_once_for_all_that_it_missed(clock: Clock) -> None:
    clock.forward(10 * HOUR)
    assert run_hourly(clock, 20) == [1, 14], "11 hours late, then after 24"


@pytest.mark.parametrize("state", MOVING)
def test_what_is_under_way_is_left_alone_for_a_day_and_then_published_again(
    event: OutboxEvent, cloud: Cloud, clock: Clock, state: str
) -> None:
    clock.forward(4 * HOUR)
    write_report(cloud, event, state, clock())
    assert run_hourly(clock, 23) == []
    assert run_hourly(clock, 6) == [1], "a day after it last moved, and not again at once"


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_what_the_notifier_itself_waits_with_is_left_alone_until_a_day_after_its_hold(
    event: OutboxEvent, cloud: Cloud, clock: Clock, state: str
) -> None:
    """An outage of reports: it is parked a day after its hold, and then nothing is left to do."""
    write_report(cloud, event, state, clock(), held_until=clock() + HOUR * 1000)
    assert run_hourly(clock, 24) == []
    write_report(cloud, event, state, clock(), held_until=clock(), parked="an attempt")
    assert run_hourly(clock, 2) == []
    assert "queue" not in cloud.rows("outbox")[0]


def test_what_sns_takes_no_more_is_given_up_once_and_says_why(
    event: OutboxEvent, services: Services, cloud: Cloud, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Publisher(Sns(cloud, refuses=event.id), cloud.topic_arn, services.outbox, clock)  # type: ignore[arg-type]  # a fake
    settings = ReconcileSettings(ledger_table="herald-ledger", event_source="urn:herald:webapp")
    monkeypatch.setattr(reconcile, "compose", lambda: (settings, services.outbox, services.ledger, refusing))
    clock.forward(3601)
    assert reconcile.handler(None, Lambda()) == NOTHING | {"rejected": 1}
    clock.forward(3601)
    assert reconcile.handler(None, Lambda()) == NOTHING, "not each hour anew"
    given_up = row(services, event)
    assert (given_up.state, given_up.settled_at) == ("rejected", None)
    assert "SNS refused the event" in (given_up.reason or "")


def test_what_is_tried_again_all_the_time_is_under_way(event: OutboxEvent, cloud: Cloud, clock: Clock) -> None:
    for _ in range(48):
        write_report(cloud, event, "released", clock())
        assert run_hourly(clock, 1) == []
    write_report(cloud, event, "sent", clock())
    assert run_hourly(clock, 2) == []
    assert "queue" not in cloud.rows("outbox")[0]


@pytest.mark.usefixtures("event")
def test_a_run_passes_over_what_is_not_due(services: Services, clock: Clock) -> None:
    """A pause of a week must leave the hourly runs time for what is due."""
    run_hourly(clock, 24)
    clock.forward(HOUR + 1)
    assert list(services.outbox.find_unsettled(clock() - HOUR * 1000)) != []
    assert run_hourly(clock, 1) == []
    assert list(services.outbox.find_unsettled(clock() - HOUR * 1000)) == []
    clock.forward(23 * HOUR)
    assert list(services.outbox.find_unsettled(clock() - HOUR * 1000)) == []


def test_what_was_never_published_is_the_sweepers(services: Services, cloud: Cloud, clock: Clock) -> None:
    add(services)
    clock.forward(7200)
    assert reconcile.handler(None, Lambda()) == NOTHING


@pytest.mark.parametrize("state", [None, "delivered"], ids=["with what it publishes", "with what it settles"])
def test_a_run_stops_in_time(event: OutboxEvent, cloud: Cloud, clock: Clock, state: str | None) -> None:
    if state:
        write_report(cloud, event, state, clock())
    clock.forward(3601)
    assert reconcile.handler(None, Lambda(5_000)) == NOTHING
