"""What `notify` is handed, told apart by shape: nothing is lost, whatever it is."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from fakes.envelopes import TOPIC, on_failure, sns, sns_notification, sqs_event
from function.event.compression import compress
from function.event.envelope import Delivery, QueueItem, Unreadable, from_queue, is_queue_event, read_deliveries


def take_only(found: Any) -> Delivery | Unreadable:
    (only,) = found
    assert isinstance(only, (Delivery, Unreadable))
    return only


def test_an_sns_event_holds_its_messages() -> None:
    event = sns(sns_notification("one", "m1"), sns_notification("two", "m2"))
    assert not is_queue_event(event)
    assert list(read_deliveries(event)) == [
        Delivery("m1", "one", TOPIC, "2026-11-21T08:00:01.000Z"),
        Delivery("m2", "two", TOPIC, "2026-11-21T08:00:01.000Z"),
    ]


def test_a_notification_in_a_queue_is_a_delivery_that_knows_where_it_lies() -> None:
    record = sqs_event(sns_notification("one"), receives=3)
    assert is_queue_event({"Records": [record]})
    found = take_only(from_queue(record))
    item = QueueItem("item-1", "handle of item-1", 3, 1_795_248_000_000)
    assert found == Delivery("m1", "one", TOPIC, "2026-11-21T08:00:01.000Z", item)


def test_an_on_failure_record_holds_every_message_of_the_event_in_it() -> None:
    record = sqs_event(on_failure(sns(sns_notification("one", "m1"), sns_notification("two", "m2"))))
    found = list(from_queue(record))
    assert [(type(part), part.item) for part in found] == [
        (Delivery, QueueItem("item-1", "handle of item-1", 1, 1_795_248_000_000))
    ] * 2
    assert [part.body for part in found if isinstance(part, Delivery)] == ["one", "two"]


def test_an_on_failure_record_around_no_sns_event_is_kept() -> None:
    found = take_only(from_queue(sqs_event(on_failure({"hello": "world"}))))
    assert isinstance(found, Unreadable)
    assert json.loads(found.raw) == {"hello": "world"}
    assert found.item is not None


def test_the_marks_of_a_letter_come_from_its_attributes() -> None:
    found = take_only(
        from_queue(sqs_event(sns_notification("one"), marks={"attempt": "request/1", "confirmed": "yes"}))
    )
    assert isinstance(found, Delivery)
    assert (found.letter, found.confirmed) == ("request/1", True)


@pytest.mark.parametrize("word", ["", "no", "YES", "true"])
def test_only_yes_is_a_yes(word: str) -> None:
    found = take_only(from_queue(sqs_event(sns_notification("one"), marks={"attempt": "request/1", "confirmed": word})))
    assert isinstance(found, Delivery)
    assert not found.confirmed


def test_a_mark_too_long_to_be_herald_s_own_is_none() -> None:
    found = take_only(from_queue(sqs_event(sns_notification("one"), marks={"attempt": "x" * 501})))
    assert isinstance(found, Delivery)
    assert found.letter is None


def test_a_compressed_letter_is_unpacked() -> None:
    packed = base64.b64encode(compress("the event ü")).decode()
    found = take_only(from_queue(sqs_event(sns_notification("", MessageDeflated=packed))))
    assert isinstance(found, Delivery)
    assert found.body == "the event ü"


def test_a_letter_may_say_that_its_event_lies_in_the_ledger() -> None:
    found = take_only(from_queue(sqs_event(sns_notification("", MessageInLedger=True))))
    assert isinstance(found, Delivery)
    assert found.in_ledger


@pytest.mark.parametrize("packed", ["not base64!", base64.b64encode(b"not zlib").decode()])
def test_a_letter_that_cannot_be_unpacked_is_kept_as_it_came(packed: str) -> None:
    record = sqs_event(sns_notification("", MessageDeflated=packed))
    assert take_only(from_queue(record)) == Unreadable(
        record["body"], QueueItem("item-1", "handle of item-1", 1, 1_795_248_000_000)
    )


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "7",
        "null",
        "{}",
        '{"MessageId": "m1"}',
        '{"MessageId": "m1", "Message": {"an": "object"}}',
        '{"MessageId": 7, "Message": "text"}',
        '{"MessageId": "", "Message": "text"}',
        '{"MessageId": "has a space", "Message": "text"}',
        '{"MessageId": "m1\\n", "Message": "text"}',
        '{"MessageId": "\\ud800", "Message": "text"}',
        json.dumps({"MessageId": "x" * 201, "Message": "text"}),
        "[" * 100_000,
        '{"requestPayload": ' + "[" * 100_000,
    ],
    ids=lambda body: body[:40] or "empty",
)
def test_what_is_no_notification_comes_out_of_the_queue_as_it_came(body: str) -> None:
    assert take_only(from_queue(sqs_event(body))) == Unreadable(
        body, QueueItem("item-1", "handle of item-1", 1, 1_795_248_000_000)
    )


@pytest.mark.parametrize("event", [None, 7, "text", [], {}, {"Records": []}, {"Records": "none"}, {"Records": {}}])
def test_an_event_without_records_is_kept_whole(event: Any) -> None:
    found = take_only(read_deliveries(event))
    assert isinstance(found, Unreadable)
    assert found.raw == event if isinstance(event, str) else json.loads(found.raw) == event


@pytest.mark.parametrize("record", [None, 7, "text", {}, {"Sns": None}, {"Sns": {"Message": "no id"}}])
def test_one_unreadable_record_costs_its_neighbours_nothing(record: Any) -> None:
    event = sns(sns_notification("one"), sns_notification("two", "m2"))
    event["Records"].insert(1, record)
    first, middle, last = read_deliveries(event)
    assert isinstance(middle, Unreadable)
    assert [part.body for part in (first, last) if isinstance(part, Delivery)] == ["one", "two"]


@pytest.mark.parametrize("field", ["messageId", "receiptHandle", "body", "attributes", "eventSource"])
@pytest.mark.parametrize("value", [None, 7, []])
def test_a_record_that_lacks_what_sqs_always_gives_is_no_batch_but_is_kept(field: str, value: Any) -> None:
    event = {"Records": [sqs_event(sns_notification("one")) | {field: value}]}
    assert not is_queue_event(event)
    found = take_only(read_deliveries(event))
    assert isinstance(found, Unreadable)
    assert json.loads(found.raw) == event["Records"][0]


@pytest.mark.parametrize("count", ["", "many", "-1", "1e3", "9" * 10, 7, None])
def test_a_receive_count_that_is_none_counts_as_the_first(count: Any) -> None:
    record = sqs_event(sns_notification("one"))
    record["attributes"]["ApproximateReceiveCount"] = count
    found = take_only(from_queue(record))
    assert found.item is not None
    assert found.item.receives == 1


def test_names_are_cut_to_what_a_letter_can_carry() -> None:
    found = take_only(read_deliveries(sns(sns_notification("one", TopicArn="t" * 300_000, Timestamp="z" * 300_000))))
    assert isinstance(found, Delivery)
    assert (len(found.topic), len(found.timestamp)) == (500, 500)


@pytest.mark.parametrize("event", [None, [], {}, {"Records": None}, {"Records": []}, sns(sns_notification("one"))])
def test_what_is_no_batch_from_sqs_is_none(event: Any) -> None:
    assert not is_queue_event(event)
