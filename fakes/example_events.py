"""Valid events, with the data of the notifications' own examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["SECRET", "event", "example"]

_NOTIFICATIONS = Path(__file__).parents[1] / "function" / "notifications"
#: The key under which the ledger hashes the addresses of these events.
SECRET = b"a-key-for-hashes-of-32-bytes-or-more"


def example(name: str = "typical", type_: str = "book.created") -> dict[str, Any]:
    """The data of one of a notification's own examples."""
    value: dict[str, Any] = json.loads((_NOTIFICATIONS / type_ / "examples" / f"{name}.json").read_text())
    return value


def event(event_id: str = "01JD6Q1M4X9Z8T7V5R3N2K0B4C", type_: str = "book.created", **changes: Any) -> dict[str, Any]:
    """A valid event; `changes` replace its attributes."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "urn:herald:webapp",
        "type": type_,
        "time": "2026-11-21T08:00:00Z",
        "subject": "books/01JD6Q1M4X9Z8T7V5R3N2K0B4C",
        "datacontenttype": "application/json",
        "data": example(),
    } | changes
