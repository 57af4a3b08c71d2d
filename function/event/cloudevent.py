"""The event: one CloudEvents 1.0 event in structured JSON, at most 64 KiB.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from function.errors import InvalidEvent
from function.reasons import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["LARGEST_EVENT", "Event", "decode", "parse"]

#: Bytes of UTF-8. SNS bills by 64 KiB, and an event carries links, not blobs.
LARGEST_EVENT = 64 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, as its publisher said; `data` is not yet checked against its type's schema."""

    source: str
    id: str
    type: str
    time: str
    data: Mapping[str, Any]
    traceparent: str | None = None


def decode(body: str) -> object:
    """The JSON value in `body`. Raises InvalidEvent if it is too large, not JSON, or holds a key twice."""
    size = len(body.encode("utf-8", "surrogatepass"))
    if size > LARGEST_EVENT:
        raise InvalidEvent(f"the event has {size} bytes; {LARGEST_EVENT} are allowed", code=ReasonCode.EVENT_TOO_LARGE)
    try:
        return json.loads(body, object_pairs_hook=_refuse_duplicates, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent(f"the event is not JSON: {type(error).__name__}") from error


def parse(value: object, validate: Callable[[object], None]) -> Event:
    """The event in a decoded JSON value; `validate` holds it to the envelope's schema and raises InvalidEvent."""
    validate(value)
    if not isinstance(value, dict):
        raise InvalidEvent("the event is not a JSON object")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in f"{value['source']}{value['id']}{value['type']}"):
        raise InvalidEvent("the event's names hold half a character")
    return Event(
        source=value["source"],
        id=value["id"],
        type=value["type"],
        time=value["time"],
        data=value["data"],
        traceparent=value.get("traceparent"),
    )


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are all different: readers disagree on which of two wins."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
