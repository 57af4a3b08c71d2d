"""From the outbox to the topic: nothing lost, nobody blocked, the same event under the same id."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tests.documented.worst_case import keep_promised
from tests.integration.webapp.conftest import Clock, Cloud
from webapp.auth.identity import Identity
from webapp.books.book import BookIn
from webapp.composition import Services
from webapp.functions import relay, sweeper
from webapp.outbox.event import CommittedEvent
from webapp.outbox.outbox import Outbox, OutboxEvent, build_outbox_item
from webapp.outbox.publisher import Publisher
from webapp.settings import OutboxSettings

ADA = Identity("ada-1815", "ada@example.com", "Ada", "en")


class Lambda:
    """Lambda's context, with all the time in the world unless told otherwise."""

    def __init__(self, milliseconds: int = 60_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.fixture(autouse=True)
def composed(
    publisher: Publisher, cloud: Cloud, services: Services, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The handlers work with this test's cloud and clock."""
    settings = OutboxSettings(books_table="herald-books", events_topic_arn=cloud.topic_arn, sweep_after_seconds=60)
    monkeypatch.setattr(relay, "compose", lambda: publisher)
    monkeypatch.setattr(sweeper, "compose", lambda: (settings, services.outbox, publisher))
    monkeypatch.setattr(sweeper, "read_clock", clock)


def add(services: Services, number: int = 1) -> OutboxEvent:
    added = services.book_service.add(ADA, BookIn(title=f"Volume {number}", author="A"), None)
    [event] = services.outbox.list_by_subject(f"books/{added.book.id}")
    return event


def test_events_of_one_subject_are_read_to_the_last_page(services: Services, cloud: Cloud, clock: Clock) -> None:
    for number in range(20):  # more than the megabyte that DynamoDB reads for one page
        event = CommittedEvent(f"{number:02}", "book.created", "books/1", "ada-1815", "x" * 60_000)
        cloud.dynamodb.put_item(TableName="herald-books", Item=build_outbox_item(event, clock()))
    assert [event.id for event in services.outbox.list_by_subject("books/1")] == [
        f"{number:02}" for number in range(20)
    ]


def put(cloud: Cloud, clock: Clock, event_id: str, body: str = "{}", type_: str = "book.created") -> None:
    item = build_outbox_item(CommittedEvent(event_id, type_, f"books/{event_id}", "ada-1815", body), clock())
    cloud.dynamodb.put_item(TableName="herald-books", Item=item)


def stream_of(cloud: Cloud) -> dict[str, Any]:
    """The batch in which the stream brings every item of the table, as Lambda hands it over."""
    items = cloud.dynamodb.scan(TableName="herald-books")["Items"]
    return {"Records": [{"eventName": "INSERT", "dynamodb": {"NewImage": item}} for item in items]}


def row(services: Services, event: CommittedEvent | OutboxEvent) -> OutboxEvent:
    [found] = [each for each in services.outbox.list_by_subject(event.subject) if each.id == event.id]
    return found


def test_the_relay_publishes_the_stored_bytes_with_their_type(services: Services, cloud: Cloud, clock: Clock) -> None:
    event = add(services)
    clock.forward(1)
    assert relay.handler(stream_of(cloud), None) == {"published": 1, "rejected": 0, "left": 0}
    [heard] = cloud.receive()
    assert heard["Message"] == event.body
    assert heard["MessageAttributes"]["type"] == {"Type": "String", "Value": "book.created"}
    marked = row(services, event)
    assert (marked.state, marked.message_id, marked.published_at) == ("published", heard["MessageId"], clock())


def test_only_new_outbox_rows_are_published(services: Services, cloud: Cloud) -> None:
    add(services)
    batch = stream_of(cloud)
    for record in batch["Records"]:
        record["eventName"] = "MODIFY"
    assert relay.handler(batch, None)["published"] == 0
    assert relay.handler({"Records": [{"eventName": "REMOVE", "dynamodb": {"Keys": {}}}]}, None)["published"] == 0
    assert cloud.receive() == []


def test_more_than_one_batch_flows(services: Services, cloud: Cloud) -> None:
    events = [add(services, number) for number in range(23)]
    assert relay.handler(stream_of(cloud), None)["published"] == 23
    assert {json.loads(heard["Message"])["id"] for heard in cloud.receive()} == {event.id for event in events}


def test_large_events_share_no_batch_that_sns_would_refuse(cloud: Cloud, clock: Clock) -> None:
    for number in range(7):
        put(cloud, clock, f"big-{number}", json.dumps({"n": number, "text": "x" * 65_000}))
    assert relay.handler(stream_of(cloud), None) == {"published": 7, "rejected": 0, "left": 0}
    assert len(cloud.receive()) == 7


def test_an_event_over_64_kib_ends_rejected_with_its_reason(services: Services, cloud: Cloud, clock: Clock) -> None:
    put(cloud, clock, "huge", json.dumps("é" * 33_000, ensure_ascii=False))
    assert relay.handler(stream_of(cloud), None) == {"published": 0, "rejected": 1, "left": 0}
    [rejected] = services.outbox.list_by_subject("books/huge")
    assert (rejected.state, rejected.reason) == ("rejected", "the event is larger than 64 KiB")
    assert rejected.rejected_at == clock()
    clock.forward(3600)
    assert sweeper.handler(None, Lambda()) == {"published": 0, "rejected": 0, "left": 0}


def test_killed_between_publish_and_mark_it_repeats_the_same_event(
    services: Services, cloud: Cloud, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = add(services)
    with monkeypatch.context() as killed:
        killed.setattr(Outbox, "mark_published", _die)
        with pytest.raises(KeyboardInterrupt):
            relay.handler(stream_of(cloud), None)
    assert row(services, event).state == "committed"
    clock.forward(61)
    assert sweeper.handler(None, Lambda())["published"] == 1
    first, second = cloud.receive()
    assert first["Message"] == second["Message"] == event.body
    assert first["MessageId"] != second["MessageId"]
    assert row(services, event).message_id == second["MessageId"]


def _die(*_: object) -> bool:
    raise KeyboardInterrupt


def test_the_sweeper_leaves_young_and_published_events_alone(services: Services, cloud: Cloud, clock: Clock) -> None:
    add(services)
    relay.handler(stream_of(cloud), None)
    clock.forward(120)
    young = add(services)
    assert sweeper.handler(None, Lambda()) == {"published": 0, "rejected": 0, "left": 0}
    clock.forward(61)
    assert sweeper.handler(None, Lambda()) == {"published": 1, "rejected": 0, "left": 0}
    assert row(services, young).state == "published"
    assert sweeper.handler(None, Lambda()) == {"published": 0, "rejected": 0, "left": 0}


@pytest.mark.slow
def test_a_stream_that_was_gone_for_a_day_loses_nothing(services: Services, cloud: Cloud, clock: Clock) -> None:
    events = []
    for number in range(60):
        events.append(add(services, number))
        clock.forward(24 * 60)
    assert sweeper.handler(None, Lambda())["published"] == 60
    assert sorted(json.loads(heard["Message"])["id"] for heard in cloud.receive()) == [event.id for event in events]


def test_a_run_that_has_no_time_left_stops_and_the_next_goes_on(services: Services, cloud: Cloud, clock: Clock) -> None:
    add(services)
    clock.forward(61)
    assert sweeper.handler(None, Lambda(5_000))["published"] == 0
    assert sweeper.handler(None, Lambda())["published"] == 1


def test_one_damaged_row_among_a_hundred_good_ones_blocks_none(services: Services, cloud: Cloud, clock: Clock) -> None:
    damaged = {"pk": {"S": "outbox#books/damaged"}, "sk": {"S": "damaged"}, "kind": {"S": "outbox"}}
    waiting = {"state": {"S": "committed"}, "queue": {"S": "unpublished#0"}, "since": {"N": "1"}}
    cloud.dynamodb.put_item(TableName="herald-books", Item=damaged | waiting)
    for number in range(100):
        put(cloud, clock, f"{number:03}")
    clock.forward(61)
    assert sweeper.handler(None, Lambda()) == {"published": 100, "rejected": 1, "left": 0}
    assert len(cloud.receive()) == 100
    [rejected] = services.outbox.list_by_subject("books/damaged")
    assert rejected.reason == "the outbox row is damaged: it holds no event"


class Sns:
    """SNS with a fault: refuses some events, or everything, in SNS's own words."""

    def __init__(self, cloud: Cloud, *, refuses: str = "", down: Exception | None = None, alone: bool = True) -> None:
        self._cloud, self._refuses, self._down, self._alone = cloud, refuses, down, alone

    def publish_batch(self, **asked: Any) -> dict[str, Any]:
        if self._down:
            raise self._down
        entries = asked["PublishBatchRequestEntries"]
        poison = [entry for entry in entries if self._refuses in entry["Message"]]
        if poison and not self._alone:
            raise client_error("InvalidParameter", "Invalid parameter: Message")
        good = [entry for entry in entries if entry not in poison]
        answer: dict[str, Any] = {"Successful": [], "Failed": []}
        if good:
            answer |= self._cloud.sns.publish_batch(TopicArn=asked["TopicArn"], PublishBatchRequestEntries=good)
        failed = [{"Id": entry["Id"], "Code": "InvalidParameter", "SenderFault": True} for entry in poison]
        return keep_promised("sns", "PublishBatch", answer | {"Failed": [*answer.get("Failed", []), *failed]})


def client_error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "PublishBatch")


def test_an_answer_that_names_refusals_only_is_read_too(services: Services, cloud: Cloud, clock: Clock) -> None:
    """SNS promises neither list of the two."""
    events = [add(services, number) for number in range(2)]
    publisher = Publisher(Sns(cloud, refuses="book"), cloud.topic_arn, services.outbox, clock)  # type: ignore[arg-type]  # a fake
    counts = publisher.publish([row(services, event) for event in events])
    assert (counts.published, counts.rejected, counts.left) == (0, 2, 0)


@pytest.mark.parametrize("alone", [True, False], ids=["refused by entry", "the whole batch refused"])
def test_a_refused_event_is_rejected_and_its_neighbours_flow(
    services: Services, cloud: Cloud, clock: Clock, alone: bool
) -> None:
    events = [add(services, number) for number in range(5)]
    poison = events[2]
    publisher = Publisher(Sns(cloud, refuses=poison.id, alone=alone), cloud.topic_arn, services.outbox, clock)  # type: ignore[arg-type]  # a fake
    counts = publisher.publish([row(services, event) for event in events])
    assert (counts.published, counts.rejected, counts.left) == (4, 1, 0)
    assert row(services, poison).state == "rejected"
    assert (row(services, poison).reason or "").startswith("SNS refused the event")


@pytest.mark.parametrize(
    "fault",
    [
        client_error("Throttled", "Rate exceeded"),
        client_error("InternalError", "We are sorry"),
        client_error("NotFound", "Topic does not exist"),
        client_error("AuthorizationError", "not authorized to perform: SNS:Publish"),
        client_error("KMSAccessDenied", "The ciphertext refers to a key that you may not use"),
        client_error("InvalidParameter", "Invalid parameter: TopicArn"),
        EndpointConnectionError(endpoint_url="https://sns.us-east-1.amazonaws.com"),
    ],
    ids=lambda fault: type(fault).__name__ if not isinstance(fault, ClientError) else fault.response["Error"]["Code"],
)
def test_what_may_heal_is_left_and_later_published(
    services: Services, cloud: Cloud, clock: Clock, fault: Exception
) -> None:
    event = add(services)
    broken = Publisher(Sns(cloud, down=fault), cloud.topic_arn, services.outbox, clock)  # type: ignore[arg-type]  # a fake
    assert broken.publish([row(services, event)]).left == 1
    assert row(services, event).state == "committed"
    clock.forward(61)
    assert sweeper.handler(None, Lambda())["published"] == 1


def test_a_mark_that_fails_raises_nothing(services: Services, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    add(services)
    batch = stream_of(cloud)
    cloud.dynamodb.delete_table(TableName="herald-books")
    assert relay.handler(batch, None)["published"] == 1


def test_a_late_mark_changes_nothing(services: Services, cloud: Cloud, clock: Clock) -> None:
    event = add(services)
    before = row(services, event)
    assert services.outbox.mark_published(before, "first", clock())
    assert not services.outbox.mark_published(before, "second", clock())
    assert not services.outbox.mark_rejected(before, "too late", clock())
    assert row(services, event).message_id == "first"


def test_what_follows_a_left_event_of_its_book_waits_behind_it(services: Services, cloud: Cloud, clock: Clock) -> None:
    stuck, other = add(services, 1), add(services, 2)
    later = CommittedEvent("01ZZZZZZZZZZZZZZZZZZZZZZZZ", "book.deleted", stuck.subject, "ada-1815", "{}")
    cloud.dynamodb.put_item(TableName="herald-books", Item=build_outbox_item(later, clock()))
    fault = client_error("InternalError", "We are sorry")

    class Moody(Sns):
        """Refuses the batch that holds the stuck event, and takes every other."""

        def publish_batch(self, **asked: Any) -> dict[str, Any]:
            self._down = fault if stuck.id in str(asked) else None
            return super().publish_batch(**asked)

    sns: Any = Moody(cloud, refuses="nothing at all")
    big = [put_big(cloud, clock, number) for number in range(4)]
    events = [row(services, stuck), *big, row(services, later), row(services, other)]
    counts = Publisher(sns, cloud.topic_arn, services.outbox, clock).publish(events, in_order=True)
    assert row(services, later).state == "committed"
    assert row(services, other).state == "published"
    assert counts.waiting >= {stuck.subject}
    clock.forward(61)
    assert sweeper.handler(None, Lambda())["left"] == 0
    published = [heard["Message"] for heard in cloud.receive()]
    assert published.index(stuck.body) < published.index(later.body)


def put_big(cloud: Cloud, clock: Clock, number: int) -> OutboxEvent:
    """An event so large that three of its kind fill a batch."""
    event = CommittedEvent(f"big-{number}", "book.created", f"books/big-{number}", "ada-1815", json.dumps("x" * 65_000))
    cloud.dynamodb.put_item(TableName="herald-books", Item=build_outbox_item(event, clock()))
    return OutboxEvent.from_item(build_outbox_item(event, clock()))


def metrics(lines: str) -> list[dict[str, Any]]:
    """The metric lines among what was logged."""
    return [line for line in map(json.loads, lines.splitlines()) if "_aws" in line]


def test_what_was_published_and_rejected_is_counted(
    services: Services, cloud: Cloud, clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "herald-relay")
    add(services)
    put(cloud, clock, "huge", "x" * 70_000)
    relay.handler(stream_of(cloud), None)
    [line] = metrics(capsys.readouterr().out)
    assert (line["Service"], line["Published"], line["OutboxRejected"]) == ("herald-relay", 1, 1)
    [definition] = line["_aws"]["CloudWatchMetrics"]
    assert (definition["Namespace"], definition["Dimensions"]) == ("Herald", [["Service"]])
    assert {metric["Name"]: metric["Unit"] for metric in definition["Metrics"]} == {
        "Published": "Count",
        "OutboxRejected": "Count",
    }


def test_the_sweeper_says_how_old_the_backlog_is_even_if_there_is_none(
    services: Services, cloud: Cloud, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    sweeper.handler(None, Lambda())
    add(services)
    clock.forward(45)
    sweeper.handler(None, Lambda())
    empty, young = metrics(capsys.readouterr().out)
    assert (empty["OutboxAgeSeconds"], young["OutboxAgeSeconds"]) == (0, 45)
    assert young["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "OutboxAgeSeconds", "Unit": "Seconds"}]
