"""The relay: publishes the new outbox events from the stream of the `books` table to SNS at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from function.ledger.attributes import read_value
from webapp.aws import clients
from webapp.clock import read_clock
from webapp.outbox.outbox import Outbox, OutboxEvent
from webapp.outbox.publisher import Publisher
from webapp.settings import OutboxSettings
from webapp.tracing import open_tracer

__all__ = ["compose", "handler"]


@cache
def compose() -> Publisher:
    """Create the publisher of this process."""
    settings = OutboxSettings.from_environment()
    outbox = Outbox(clients.dynamodb(), settings.books_table)
    return Publisher(clients.sns(), settings.events_topic_arn, outbox, read_clock, open_tracer(settings.otlp_endpoint))


def handler(event: Mapping[str, Any], _context: object) -> dict[str, int]:
    """Publish the new outbox events of one batch of stream records.

    Never fails a batch: an event that cannot be published now stays in the outbox for the sweeper. Retrying the stream
    would hold back all later events.
    """
    return compose().publish(_read_new_rows(event.get("Records", [])), in_order=True).tell("relayed")


def _read_new_rows(records: Iterable[Mapping[str, Any]]) -> Iterator[OutboxEvent]:
    for record in records:
        image = record.get("dynamodb", {}).get("NewImage", {})
        if record.get("eventName") == "INSERT" and read_value(image, "kind") == "outbox":
            yield OutboxEvent.from_item(image)
