"""A letter always fits into SQS, is read like any delivery, and loses nothing of what it is about."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.envelopes import sqs_event
from function.event.envelope import Delivery, QueueItem, from_queue
from function.queues.dead_letter import Letter, write_letter, write_retry
from function.reason_codes import Reason

#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
LARGEST_MESSAGE = 256 * 1024
_TEXT = st.text(st.characters(categories=None), max_size=200)


def size(letter: Letter) -> int:
    """What SQS counts: the body, and each attribute's name, type and value."""
    attributes = (len(name) + len("String") + len(value.encode()) for name, value in letter.attributes.items())
    return len(letter.body.encode()) + sum(attributes)


def redeliver(letter: Letter) -> Delivery:
    """The letter as `notify` reads it when it was put back into `retry`."""
    (found,) = from_queue(sqs_event(letter.body, marks=letter.attributes))
    assert isinstance(found, Delivery)
    return found


def noise(count: int) -> str:
    """Text of so many bytes that no compression makes shorter than three quarters."""
    return base64.b64encode(random.Random(7).randbytes(count * 3 // 4)).decode()


WHY = Reason("code", "why")


@settings(max_examples=200, deadline=None)
@given(body=_TEXT, topic=_TEXT, timestamp=_TEXT, reason=_TEXT)
def test_any_text_goes_through_a_letter_as_ascii_and_comes_back(
    body: str, topic: str, timestamp: str, reason: str
) -> None:
    letter = write_letter(Delivery("m1", body, topic, timestamp), "request/1", Reason("code", reason), "r1")
    assert letter.body.isascii()
    assert json.loads(letter.body)["Type"] == "Notification"
    found = redeliver(letter)
    assert (found.message_id, found.body, found.topic, found.timestamp) == ("m1", body, topic, timestamp)
    assert found.letter == "request/1"
    assert not found.confirmed


@pytest.mark.parametrize(
    "body",
    ["x" * 240_000, "x" * 262_144, "\x01" * 262_144, "ü" * 131_072, "😀" * 65_536, "\ud800" * 87_000, noise(180_000)],
    ids=["plain", "long", "control", "two-bytes", "four-bytes", "halves", "noise"],
)
def test_a_letter_is_at_most_256_kib_with_its_attributes_and_holds_the_whole_event(body: str) -> None:
    delivery = Delivery("m" * 200, body, "t" * 500, "z" * 500)
    letter = write_letter(delivery, "r" * 60, Reason("code", "why " * 500), "r1", 200)
    assert size(letter) <= LARGEST_MESSAGE
    assert redeliver(letter).body == body
    assert not redeliver(letter).in_ledger


def test_only_what_is_too_long_is_compressed() -> None:
    assert json.loads(write_letter(Delivery("m1", "x" * 200_000), "a", WHY, "r1").body)["Message"] == "x" * 200_000
    assert json.loads(write_letter(Delivery("m1", "x" * 260_000), "a", WHY, "r1").body)["Message"] == ""


@pytest.mark.parametrize("body", [noise(262_144), noise(1_000_000)], ids=["sns-largest", "lambda-largest"])
def test_what_fits_into_no_letter_lies_in_the_record_that_the_letter_names(body: str) -> None:
    letter = write_letter(Delivery("m1", body, "t" * 500, "z" * 500), "request/1", WHY, "r1")
    assert size(letter) <= LARGEST_MESSAGE
    found = redeliver(letter)
    assert (found.in_ledger, found.message_id, found.letter) == (True, "m1", "request/1")


@pytest.mark.parametrize(
    ("reason", "written"),
    [
        ("two\nlines\r\n", "two?lines??"),
        ("the title ü\x00\u2028\ud800", "the title ????"),
        ("x" * 501, "x" * 500),
        ("plain ~ text", "plain ~ text"),
    ],
)
def test_a_reason_is_one_line_of_printable_ascii(reason: str, written: str) -> None:
    assert write_letter(Delivery("m1", ""), "a", Reason("code", reason), "r1").attributes["reason"] == written


def test_a_letter_says_which_attempt_of_which_message_died_why_and_under_which_release() -> None:
    letter = write_letter(Delivery("m1", "the event"), "request/1", Reason("type_unknown", "no such type"), "r7", 3)
    assert letter.attributes == {
        "attempt": "request/1",
        "attempts": "3",
        "message_id": "m1",
        "reason": "no such type",
        "reason_code": "type_unknown",
        "release": "r7",
    }


@given(reason=_TEXT.filter(bool), release=_TEXT.map(lambda text: text.encode("ascii", "ignore").decode()))
def test_no_attribute_is_empty_as_sqs_demands(reason: str, release: str) -> None:
    attributes = write_letter(Delivery("m1", ""), "request/1", Reason("", reason), release).attributes
    assert all(attributes.values())


@pytest.mark.parametrize(
    ("marks", "attributes"),
    [
        ({}, {}),
        ({"letter": "request/1"}, {"attempt": "request/1"}),
        ({"letter": "request/1", "confirmed": True}, {"attempt": "request/1", "confirmed": "yes"}),
        ({"instead_of": "m0"}, {"instead_of": "m0"}),
        (
            {"instead_of": "m0", "avoid": "ses://eu-west-1"},
            {"instead_of": "m0", "avoid": "ses://eu-west-1"},
        ),
    ],
)
def test_what_is_parked_keeps_the_marks_that_it_came_by(marks: dict[str, Any], attributes: dict[str, str]) -> None:
    delivery = Delivery("m1", "the event", "topic", "now", **marks)
    letter = write_retry(delivery)
    assert letter.attributes == attributes
    back = redeliver(letter)
    assert back == Delivery(
        "m1", "the event", "topic", "now", QueueItem("item-1", "handle of item-1", 1, 1_795_248_000_000), **marks
    )
