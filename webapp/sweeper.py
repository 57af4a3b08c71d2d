"""The sweeper: once a minute it publishes what the stream missed."""

from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from typing import Protocol

from webapp import aws
from webapp.moments import now
from webapp.outbox import Outbox, OutboxEvent
from webapp.publisher import Publisher
from webapp.settings import OutboxSettings

#: What is left of the function's time when a run stops; the next run goes on.
_RESERVE_MILLISECONDS = 10_000


class Context(Protocol):
    """The part of Lambda's context that a sweep looks at."""

    def get_remaining_time_in_millis(self) -> int: ...


@cache
def compose() -> tuple[OutboxSettings, Outbox, Publisher]:
    """What this process sweeps with."""
    settings = OutboxSettings.from_environment()
    outbox = Outbox(aws.dynamodb(), settings.books_table)
    return settings, outbox, Publisher(aws.sns(), settings.events_topic_arn, outbox, now)


def handler(_event: object, context: Context) -> dict[str, int]:
    """Publish every event that has been waiting for longer than the setting says, while there is time."""
    settings, outbox, publisher = compose()
    overdue = outbox.overdue(now() - settings.sweep_after_seconds * 1000)
    counts = publisher.publish(_in_time(overdue, context))
    oldest = outbox.oldest_unpublished()
    return counts.tell("swept", OutboxAgeSeconds=0 if oldest is None else (now() - oldest) / 1000)


def _in_time(events: Iterator[OutboxEvent], context: Context) -> Iterator[OutboxEvent]:
    return takewhile(lambda _: context.get_remaining_time_in_millis() > _RESERVE_MILLISECONDS, events)
