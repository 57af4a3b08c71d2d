"""The sweeper: once a minute it publishes the events that the relay missed."""

from __future__ import annotations

from functools import cache

from webapp.aws import clients
from webapp.clock import read_clock
from webapp.outbox.outbox import Outbox
from webapp.outbox.publisher import Publisher
from webapp.outbox.publishing_run import LambdaContext, take_while_time
from webapp.settings import OutboxSettings
from webapp.tracing import open_tracer

__all__ = ["compose", "handler"]


@cache
def compose() -> tuple[OutboxSettings, Outbox, Publisher]:
    """Create the settings, the outbox and the publisher of this process."""
    settings = OutboxSettings.from_environment()
    outbox = Outbox(clients.dynamodb(), settings.books_table)
    tracer = open_tracer(settings.otlp_endpoint)
    return settings, outbox, Publisher(clients.sns(), settings.events_topic_arn, outbox, read_clock, tracer)


def handler(_event: object, context: LambdaContext) -> dict[str, int]:
    """Publish every event that has waited longer than the setting allows, while there is time."""
    settings, outbox, publisher = compose()
    overdue = outbox.find_overdue(read_clock() - settings.sweep_after_seconds * 1000)
    counts = publisher.publish(take_while_time(overdue, context))
    oldest = outbox.find_oldest_unpublished()
    return counts.tell("swept", OutboxAgeSeconds=0 if oldest is None else (read_clock() - oldest) / 1000)
