"""An event is read strictly: what two readers could understand differently is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.example_events import event
from function.errors import InvalidEvent
from function.event.cloudevent import LARGEST_EVENT, Event, decode, parse
from function.message.catalogue import Catalogue


def fill(size: int, letter: str = "x") -> str:
    """A JSON string of that many bytes."""
    count, rest = divmod(size - 2, len(letter.encode()))
    return f'"{letter * count}{"x" * rest}"'


@pytest.mark.parametrize("letter", ["x", "ü", "雪", "😀"])
def test_the_limit_is_64_kib_in_bytes_of_utf_8(letter: str) -> None:
    assert LARGEST_EVENT == 65_536
    assert isinstance(decode(fill(LARGEST_EVENT, letter)), str)
    with pytest.raises(InvalidEvent, match="the event has 65537 bytes; 65536 are allowed"):
        decode(fill(LARGEST_EVENT + 1, letter))


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
    with pytest.raises(InvalidEvent, match="nested more than 100 levels deep"):
        decode(opening * 10_000)


@pytest.mark.parametrize("body", ["", " ", "{", "{'id': 1}", "\x00", '"\n"', "1 2"])
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
        subject="books/01JD6Q1M4X9Z8T7V5R3N2K0B4C",
    )


def test_the_digest_tells_contents_apart_and_nothing_else(catalogue: Catalogue) -> None:
    first = parse(event(), catalogue.validate_envelope).content_hash
    shuffled = dict(reversed(list(event()["data"].items())))
    same = event(time="2026-11-22T08:00:00Z", traceparent="x", data=shuffled)
    assert parse(same, catalogue.validate_envelope).content_hash == first
    for changes in ({"type": "book.removed"}, {"data": event()["data"] | {"more": 1}}):
        assert parse(event(**changes), catalogue.validate_envelope).content_hash != first


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


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"id": 1, "id": 2}', "a key stands twice (at /)"),
        ('{"data": {"list": [1, {"a": 1, "a": 2}]}}', "a key stands twice (at /data/list/1)"),
        ('{"data": {"ada@example.com": NaN}}', "NaN (at /data/?)"),
        ('{"data": {"price": -Infinity}}', "-Infinity (at /data/price)"),
        ('{"data": {"price": 1e999}}', "a number too large (at /data/price)"),
        (f'{{"data": {{"count": {"9" * 5000}}}}}', "a number of 5000 digits (at /data/count)"),
        ("{data: 1}", "Expecting property name enclosed in double quotes at line 1, column 2"),
        ('{"data":\n 1 2}', "Expecting ',' delimiter at line 2, column 4"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(body: str, reason: str) -> None:
    with pytest.raises(InvalidEvent) as raised:
        decode(body)
    assert str(raised.value).removeprefix("the event is not JSON: ") == reason


@pytest.mark.parametrize("marks", ["\ufeff", "\ufeff\ufeff"])
def test_byte_order_marks_before_the_event_are_passed_over(marks: str) -> None:
    assert decode(f"{marks}{{}}") == {}


@pytest.mark.parametrize("levels", [101, 500, 700, 950, 1_200])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_that_later_readers_would_fail_at_is_refused_with_the_place(
    levels: int, opening: str, closing: str
) -> None:
    body = f'{{"text": "[[{{",\n"data": {opening * levels}1{closing * levels}}}'
    with pytest.raises(InvalidEvent, match="nested more than 100 levels deep at line 2, column "):
        decode(body)


def test_brackets_that_are_text_or_stand_side_by_side_nest_nothing() -> None:
    flat = {"text": "[" * 500 + '\\"{', "list": [[] for _ in range(500)]}
    assert decode(json.dumps(flat)) == flat
    deep = "[" * 99 + "]" * 99
    assert decode(f'{{"data": {deep}}}')


#: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#32-examples, with a time and data
#: as Herald asks for them.
_OF_THE_SPECIFICATION: dict[str, object] = {
    "specversion": "1.0",
    "type": "com.example.someevent",
    "source": "/mycontext",
    "subject": None,
    "id": "C234-1234-1234",
    "time": "2018-04-05T17:31:00Z",
    "comexampleextension1": "value",
    "comexampleothervalue": 5,
    "datacontenttype": "application/json",
    "data": {"appinfoA": "abc", "appinfoB": 123, "appinfoC": True},
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"subject": None, "traceparent": None, "datacontenttype": None},
        {"datacontenttype": "Application/JSON; charset=UTF-8"},
        {"datacontenttype": "application/json;charset=utf-8"},
        {"datacontenttype": 'application/json ; charset="utf-8"; version=1'},
        {"datacontenttype": "application/vnd.example+json"},
        {"datacontenttype": "text/json"},
        {"datacontenttype": "image/svg+JSON"},
        {"datacontenttype": "application/json;"},
        {"datacontenttype": " application/json; charset=utf-8 ; "},
        {"datacontenttype": 'application/json; profile="a \\"b\\"; c"'},
        {"subject": "123", "source": "https://github.com/cloudevents/spec/pull"},
    ],
)
def test_the_specifications_own_events_are_read(catalogue: Catalogue, changes: dict[str, object]) -> None:
    event = parse(decode(json.dumps(_OF_THE_SPECIFICATION | changes)), catalogue.validate_envelope)
    assert (event.id, event.data["appinfoB"]) == ("C234-1234-1234", 123)


@pytest.mark.parametrize("type_", ["text/xml", "application/xml", "application/jsonp", "application/json; charset", ""])
def test_data_that_is_no_json_is_refused(catalogue: Catalogue, type_: str) -> None:
    with pytest.raises(InvalidEvent, match="/datacontenttype"):
        parse(_OF_THE_SPECIFICATION | {"datacontenttype": type_}, catalogue.validate_envelope)


def test_a_null_where_something_must_be_counts_as_missing(catalogue: Catalogue) -> None:
    with pytest.raises(InvalidEvent, match="data"):
        parse(_OF_THE_SPECIFICATION | {"data": None}, catalogue.validate_envelope)
