"""The cost of an event that waits (`scheduling`), for its time or for its reader's digest.

Counted by running the function's own code. Moving an item in the index of due items costs a unit for each entry that is
added or removed: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.cost.assumptions import Assumptions, Cpu
from bench.cost.meter import Meter
from bench.cost.usage import Usage
from fakes.clock import Clock
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.event.envelope import Delivery, QueueItem
from function.message.catalogue import Catalogue
from package.notifications.catalogue import EXAMPLES, compile_catalogue, read_examples

__all__ = ["measure_digest", "measure_scheduled"]

#: The notification types used: a digest, and an ordinary mail.
_TYPE, _PLAIN = "comments", "shipment"
_DAY = 86_400
#: Index entries added or removed per digest: created, postponed when it is queried (two), claimed.
_INDEX_WRITES = 4
#: SQS requests per digest: sent by the scheduler, received, deleted.
_QUEUE_REQUESTS = 3


def measure_digest(cpu: Cpu, given: Assumptions, events: int) -> Usage:
    """Measure one of a digest's `events` events, with its share of the mail, without reports."""
    return _play(cpu, given, events, {})


def measure_scheduled(cpu: Cpu, given: Assumptions) -> Usage:
    """Measure an event with a sending time of its own, without reports."""
    return _play(cpu, given, 1, {"sendat": datetime.fromtimestamp(Clock()() / 1000 + _DAY, UTC).isoformat()}, _PLAIN)


def _play(cpu: Cpu, given: Assumptions, events: int, attributes: dict[str, str], type_: str = _TYPE) -> Usage:
    """Run the events through the function. Each delivery is assumed to take the CPU time of a mail."""
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        compile_catalogue(Path(folder), EXAMPLES)
        world = InMemoryHerald(meter, Catalogue.load(Path(folder)))
    world.schedules = True
    for number in range(events):
        world.deliver(_make_event(world, number, type_, attributes))
    world.clock.forward(_DAY)
    for found in world.run_scheduler():
        item = QueueItem("item", "handle", 1)
        world.deliver(Delivery(found.message_id, found.body, in_ledger=True, item=item))
    if world.mails != 1:
        raise RuntimeError(f"{events} events made {world.mails} mails")
    runs = 1 + 1 / events
    milliseconds = (cpu.notify * given.processor / given.memory + given.transaction) * runs + given.send / events
    return Usage(
        sqs_request=_QUEUE_REQUESTS / events,
        lambda_request=runs,
        lambda_gb_second=milliseconds / 1000 * given.memory / 1024,
        write_unit=(meter.write_units + _INDEX_WRITES) / events,
        read_unit=meter.read_units / events,
        largest=meter.largest,
        kept=meter.bytes() // events,
    )


def _make_event(world: InMemoryHerald, number: int, type_: str, attributes: dict[str, str]) -> Delivery:
    data: dict[str, Any] = read_examples(type_, EXAMPLES)["typical"]
    now = datetime.fromtimestamp(world.clock() / 1000, UTC).isoformat()
    name = f"01JD6Q1M4X9Z8T7V5R3N2K{number:04d}"
    return delivery(f"m{number}", event(name, type_, data=data, time=now, **attributes))
