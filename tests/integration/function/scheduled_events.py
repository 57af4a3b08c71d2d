"""Events that wait for their time, in a world that keeps such events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.example_events import event, example
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import Outcome
from function.event.envelope import Delivery, QueueItem

HOUR = 3600
DAY = 86_400
HOLD = 15 * 60
OTHER: dict[str, Any] = example() | {"book": example()["book"] | {"title": "The corrected title"}}


#: Of a module whose tests all keep events for later, in either table.
KEPT_IN_EITHER = [
    pytest.mark.parametrize("table", ["moto", "memory"], indirect=True),
    pytest.mark.usefixtures("schedules"),
]


def format_time(world: InMemoryHerald, seconds: float) -> str:
    return datetime.fromtimestamp(world.clock() / 1000 + seconds, UTC).isoformat()


def make_scheduled_event(world: InMemoryHerald, seconds: float = DAY, **changes: Any) -> dict[str, Any]:
    return event(sendat=format_time(world, seconds), **changes)


def cancellation(event_id: str = "01JD6Q1M4X9Z8T7V5R3N2K0B4C", message_id: str = "c1", **marks: Any) -> Delivery:
    data = {"source": "urn:herald:webapp", "id": event_id}
    return delivery(message_id, event("cancel-1", "mail.cancel", data=data), **marks)


def from_queue(found: Delivery) -> Delivery:
    return Delivery(found.message_id, found.body, in_ledger=found.in_ledger, item=QueueItem("item", "handle", 1))


def send_due(world: InMemoryHerald) -> list[Outcome]:
    return [world.deliver(from_queue(found)) for found in world.run_scheduler()]


def codes(world: InMemoryHerald, message_id: str = "m1") -> list[tuple[str, str]]:
    item = world.item(f"message#{message_id}")
    assert item is not None
    rows = (row["M"] for row in item["timeline"]["L"])
    return [(row["state"]["S"], row.get("reason_code", {}).get("S", "")) for row in rows]
