"""Events as publishers write them, whole and spoilt."""

from __future__ import annotations

import copy
from typing import Any

from package.notifications.catalogue import read_examples

__all__ = ["book_created", "event", "with_value"]


def book_created() -> dict[str, Any]:
    """The data of a common event."""
    data: dict[str, Any] = read_examples("book.created")["typical"]
    return data


def event() -> dict[str, Any]:
    """A common event, whole."""
    return {
        "specversion": "1.0",
        "id": "01JD6Q1M4X9Z8T7V5R3N2K0B4C",
        "source": "urn:herald:webapp",
        "type": "book.created",
        "time": "2026-11-21T08:00:00Z",
        "subject": "books/01JD6Q1M4X9Z8T7V5R3N2K0B4C",
        "datacontenttype": "application/json",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": book_created(),
    }


def with_value(document: dict[str, Any], pointer: str, value: object) -> dict[str, Any]:
    """A copy of `document` in which the value at `pointer` is another, or is new."""
    changed = copy.deepcopy(document)
    *parents, last = pointer.strip("/").split("/")
    place = changed
    for name in parents:
        place = place[name]
    place[last] = value
    return changed
