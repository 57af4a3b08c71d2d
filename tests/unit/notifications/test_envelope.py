"""What Herald takes for a CloudEvent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import InvalidEvent
from function.message.catalogue import Catalogue
from tests.unit.notifications.events import event, with_value


def test_a_common_event_is_taken(catalogue: Catalogue) -> None:
    catalogue.validate_envelope(event())


@pytest.mark.parametrize("name", ["subject", "datacontenttype", "traceparent"])
def test_an_optional_attribute_may_be_missing(catalogue: Catalogue, name: str) -> None:
    catalogue.validate_envelope({key: value for key, value in event().items() if key != name})


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time", "data"])
def test_a_required_attribute_may_not_be_missing(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(InvalidEvent, match=name):
        catalogue.validate_envelope({key: value for key, value in event().items() if key != name})


def test_an_extension_that_nobody_knows_is_tolerated(catalogue: Catalogue) -> None:
    catalogue.validate_envelope({**event(), "partitionkey": "a", "sequence": 7, "dataschema": None})


@pytest.mark.parametrize("whole", [None, [], "event", 1, True, {}])
def test_what_is_not_an_event_is_refused(catalogue: Catalogue, whole: object) -> None:
    with pytest.raises(InvalidEvent) as refused:
        catalogue.validate_envelope(whole)
    assert refused.value.pointer == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("specversion", "0.3"),
        ("specversion", 1.0),
        ("id", ""),
        ("id", "a\x00b"),
        ("id", "a\n"),
        ("id", "x" * 257),
        ("id", 7),
        ("id", "\ud800"),
        ("source", ""),
        ("source", "urn:a b"),
        ("source", "urn:a\n"),
        ("source", "urn:%zz"),
        ("source", "urn:ä"),
        ("type", ""),
        ("type", "book.created\r\nX: y"),
        ("time", "2026-11-21T08:00:00"),
        ("time", "2026-11-21 08:00:00Z"),
        ("time", "2026-11-21T08:00:00Z\n"),
        ("time", "2026-02-29T08:00:00Z"),
        ("time", "1900-02-29T08:00:00Z"),
        ("time", "0000-01-01T00:00:00Z"),
        ("time", "2026-11-21T24:00:00Z"),
        ("time", "2026-11-21T23:59:60Z"),
        ("time", "2026-11-21T08:00:00+24:00"),
        ("time", "٢٠٢٦-11-21T08:00:00Z"),
        ("time", 1795248000),
        ("subject", "a\x85b"),
        ("datacontenttype", "text/plain"),
        ("datacontenttype", "application/json\n"),
        ("traceparent", 1),
        ("data", "text"),
        ("data", [1]),
        ("data", None),
    ],
)
def test_a_bad_attribute_is_refused_and_named(catalogue: Catalogue, name: str, value: object) -> None:
    with pytest.raises(InvalidEvent) as refused:
        catalogue.validate_envelope({**event(), name: value})
    assert refused.value.pointer == f"/{name}"
    assert len(str(refused.value).splitlines()) == 1


def test_29_february_is_a_day_in_a_leap_year(catalogue: Catalogue) -> None:
    for year in ("2024", "2000", "0004"):
        catalogue.validate_envelope({**event(), "time": f"{year}-02-29T08:00:00Z"})


_ZONES = st.sampled_from(["Z", "z", "+00:00", "-23:59", "+05:30"])


@given(moment=st.datetimes(), zone=_ZONES, digits=st.integers(0, 9))
def test_every_time_that_is_taken_can_be_read(catalogue: Catalogue, moment: datetime, zone: str, digits: int) -> None:
    time = moment.isoformat(timespec="seconds") + (f".{'123456789'[:digits]}" if digits else "") + zone
    catalogue.validate_envelope({**event(), "time": time})
    assert datetime.fromisoformat(time.upper()).tzinfo is not None


def test_the_reason_does_not_repeat_the_value(catalogue: Catalogue) -> None:
    bad: dict[str, Any] = with_value(event(), "/data/recipient/email", "secret@person.example, other@person.example")
    with pytest.raises(InvalidEvent) as refused:
        catalogue.get("book.created").validate(bad["data"])
    assert "secret" not in str(refused.value)
    assert refused.value.pointer == "/data/recipient/email"
