"""An event is read strictly: what two readers could understand differently is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from function.errors import InvalidEvent
from function.event.cloudevent import LARGEST_EVENT, Event, decode, parse
from function.message.catalogue import Catalogue
from tests.fakes import event


def filled(size: int, letter: str = "x") -> str:
    """A JSON string of that many bytes."""
    count, rest = divmod(size - 2, len(letter.encode()))
    return f'"{letter * count}{"x" * rest}"'


@pytest.mark.parametrize("letter", ["x", "ü", "雪", "😀"])
def test_the_limit_is_64_kib_in_bytes_of_utf_8(letter: str) -> None:
    assert LARGEST_EVENT == 65_536
    assert isinstance(decode(filled(LARGEST_EVENT, letter)), str)
    with pytest.raises(InvalidEvent, match="the event has 65537 bytes; 65536 are allowed"):
        decode(filled(LARGEST_EVENT + 1, letter))


@pytest.mark.parametrize(
    "body",
    ['{"id": 1, "id": 2}', '{"data": {"recipient": {"email": "a@b.example", "email": "c@d.example"}}}'],
    ids=["outside", "inside"],
)
def test_a_key_that_stands_twice_is_refused(body: str) -> None:
    with pytest.raises(InvalidEvent, match="not JSON"):
        decode(body)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_json_has_no_number_for_is_refused(number: str) -> None:
    with pytest.raises(InvalidEvent, match="not JSON"):
        decode(f'{{"data": {number}}}')


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_too_deep_to_be_read_is_refused(opening: str) -> None:
    with pytest.raises(InvalidEvent, match="not JSON: "):
        decode(opening * 10_000)


@pytest.mark.parametrize("body", ["", " ", "{", "{'id': 1}", "\x00", "\ufeff{}", '"\n"', "1 2", "9" * 5000])
def test_what_is_no_json_is_refused_and_not_repeated(body: str) -> None:
    with pytest.raises(InvalidEvent) as raised:
        decode(body)
    assert str(raised.value).startswith("the event is not JSON: ")
    assert "\n" not in str(raised.value)


def test_half_a_character_is_measured_and_not_stumbled_over() -> None:
    assert decode('"\ud800"') == "\ud800"


def test_a_valid_event_is_read(catalogue: Catalogue) -> None:
    value = event(traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", unknown="is tolerated")
    assert parse(decode(json.dumps(value)), catalogue.validate_envelope) == Event(
        source="urn:herald:webapp",
        id="01JD6Q1M4X9Z8T7V5R3N2K0B4C",
        type="book.created",
        time="2026-11-21T08:00:00Z",
        data=value["data"],
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


@pytest.mark.parametrize("field", ["specversion", "id", "source", "type", "time", "data"])
def test_an_event_that_lacks_a_field_is_refused_by_its_name(catalogue: Catalogue, field: str) -> None:
    value = event()
    del value[field]
    with pytest.raises(InvalidEvent, match=field):
        parse(value, catalogue.validate_envelope)


@pytest.mark.parametrize("field", ["id", "source", "type"])
def test_half_a_character_in_a_name_is_refused(field: str) -> None:
    with pytest.raises(InvalidEvent, match="half a character"):
        parse(event() | {field: "\udc80"}, lambda _: None)


@pytest.mark.parametrize("value", [None, [], "text", 7])
def test_what_is_no_object_is_refused(catalogue: Catalogue, value: Any) -> None:
    with pytest.raises(InvalidEvent):
        parse(value, catalogue.validate_envelope)
    with pytest.raises(InvalidEvent, match="not a JSON object"):
        parse(value, lambda _: None)
