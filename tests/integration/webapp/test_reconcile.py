"""What SNS took and the ledger never heard of is published again, and only that."""

import json

import pytest

from function.ledger.attributes import serialize_item
from function.ledger.keys import event_key
from tests.integration.webapp.conftest import Clock, Cloud
from tests.integration.webapp.test_publisher import ADA, Lambda, add, metrics, row, stream_of
from webapp import reconcile, relay
from webapp.composition import Parts
from webapp.outbox.publisher import Publisher
from webapp.settings import ReconcileSettings


@pytest.fixture(autouse=True)
def composed(publisher: Publisher, parts: Parts, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ReconcileSettings(ledger_table="herald-ledger", event_source="urn:herald:webapp")
    monkeypatch.setattr(relay, "compose", lambda: publisher)
    monkeypatch.setattr(reconcile, "compose", lambda: (settings, parts.outbox, parts.ledger, publisher))
    monkeypatch.setattr(reconcile, "now", clock)


def hear(cloud: Cloud, key: str, **values: object) -> None:
    """Let the ledger know something."""
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item({"pk": key, **values}))


def test_what_the_ledger_knows_is_settled_and_leaves_the_index(parts: Parts, cloud: Cloud, clock: Clock) -> None:
    event = add(parts)
    relay.handler(stream_of(cloud), None)
    hear(cloud, event_key("urn:herald:webapp", event.id), message_id="m")
    clock.forward(3601)
    assert reconcile.handler(None, Lambda()) == {"published": 0, "rejected": 0, "left": 0, "settled": 1}
    [settled] = cloud.rows("outbox")
    assert "queue" not in settled
    assert int(settled["expires_at"]["N"]) == clock() // 1000 + 180 * 24 * 3600
    assert reconcile.handler(None, Lambda())["settled"] == 0
    assert len(cloud.heard()) == 1


def test_what_was_rejected_before_its_id_was_read_is_known_by_its_message(
    parts: Parts, cloud: Cloud, clock: Clock
) -> None:
    add(parts)
    relay.handler(stream_of(cloud), None)
    [heard] = cloud.heard()
    hear(cloud, f"message#{heard['MessageId']}", state="rejected", timeline=[])
    clock.forward(3601)
    assert reconcile.handler(None, Lambda())["settled"] == 1


def test_what_was_lost_on_the_way_is_published_again_under_the_same_id(
    parts: Parts, cloud: Cloud, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    event = add(parts)
    relay.handler(stream_of(cloud), None)
    first_published = clock()
    [lost] = cloud.heard()
    clock.forward(3601)
    capsys.readouterr()
    assert reconcile.handler(None, Lambda())["published"] == 1
    [line] = metrics(capsys.readouterr().out)
    assert line["Republished"] == 1
    [again] = cloud.heard()
    assert again["Message"] == lost["Message"] == event.body
    marked = row(parts, event)
    assert (marked.published_at, marked.republished_at) == (first_published, clock())
    assert marked.message_id == again["MessageId"]
    [told] = parts.service.notifications(ADA, event.subject.removeprefix("books/"))
    assert [entry.state for entry in told.rows] == ["committed", "published", "published"]


def test_it_is_published_every_hour_until_somebody_hears(parts: Parts, cloud: Cloud, clock: Clock) -> None:
    event = add(parts)
    relay.handler(stream_of(cloud), None)
    published = []
    for _ in range(3):
        clock.forward(1800)
        published.append(reconcile.handler(None, Lambda())["published"])
        clock.forward(1801)
        published.append(reconcile.handler(None, Lambda())["published"])
    assert published == [0, 1] * 3
    hear(cloud, event_key("urn:herald:webapp", event.id), message_id="m")
    clock.forward(3601)
    assert reconcile.handler(None, Lambda())["settled"] == 1
    assert {json.loads(heard["Message"])["id"] for heard in cloud.heard()} == {event.id}


def test_what_was_never_published_is_the_sweepers(parts: Parts, cloud: Cloud, clock: Clock) -> None:
    add(parts)
    clock.forward(7200)
    assert reconcile.handler(None, Lambda()) == {"published": 0, "rejected": 0, "left": 0, "settled": 0}


def test_a_run_stops_in_time(parts: Parts, cloud: Cloud, clock: Clock) -> None:
    add(parts)
    relay.handler(stream_of(cloud), None)
    clock.forward(3601)
    assert reconcile.handler(None, Lambda(5_000))["published"] == 0
