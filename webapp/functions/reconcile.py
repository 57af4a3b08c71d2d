"""The reconciliation: once an hour it compares the published events with the ledger.

An event that never arrived in the ledger, or has been under way for a day without progress, is published again, at
growing intervals. This recovers every event lost between the two, whatever the cause. It is harmless because the
notifier claims each event once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from webapp import log
from webapp.aws import clients
from webapp.clock import Clock, read_clock
from webapp.outbox.outbox import Outbox, OutboxEvent
from webapp.outbox.publisher import Publisher
from webapp.outbox.publishing_run import LambdaContext, take_while_time
from webapp.settings import OutboxSettings, ReconcileSettings
from webapp.timeline.ledger_reader import LedgerReader
from webapp.tracing import open_tracer

__all__ = ["Reconciliation", "RepublicationSchedule", "compose", "handler"]

#: States in which a mail is under way, unless it is parked; in every other state it is at rest.
_IN_DOUBT = frozenset({"sending", "unknown"})
_MOVING = _IN_DOUBT | {"released"}


@dataclass(frozen=True, slots=True)
class RepublicationSchedule:
    """When an event is published again: 1, 2, 4, 8 and 24 units after its first publication, then weekly.

    `unit` is an hour in milliseconds; the laptop cloud uses a shorter one. All other times are in epoch milliseconds.
    """

    unit: int

    @property
    def day(self) -> int:
        """A day of the schedule, in milliseconds."""
        return 24 * self.unit

    def compute_next_publication(self, event: OutboxEvent) -> int:
        """Return when the event is due again: the first time in the schedule after its last publication."""
        first = event.published_at or 0
        last = (event.republished_at or first) - first
        for hours in (1, 2, 4, 8, 24):
            if last < hours * self.unit:
                return first + hours * self.unit
        weeks = 0 if not self.unit else (last - self.day) // (7 * self.day) + 1
        return first + self.day + weeks * 7 * self.day


@dataclass(slots=True)
class Reconciliation:
    """One run: settles events that are at rest in the ledger, and yields those to publish again."""

    outbox: Outbox
    ledger: LedgerReader
    source: str
    schedule: RepublicationSchedule
    clock: Clock
    settled: int = 0

    def find_due(self, context: LambdaContext) -> Iterator[OutboxEvent]:
        """Yield the events to publish again; the others are settled or postponed. Stops before the time is up."""
        for event in take_while_time(self.outbox.find_unsettled(self.clock() - self.schedule.unit), context):
            now = self.clock()
            record = self.ledger.message_of(self.source, event.id, event.message_id)
            if record is not None and _is_at_rest(record):
                self.settled += self.outbox.mark_settled(event, now)
            elif record is not None and now - _find_last_change(record) < self.schedule.day:
                self._look_again(event, now + self.schedule.unit)
            elif (due := self.schedule.compute_next_publication(event)) > now:
                self._look_again(event, min(due, now + self.schedule.day))
            elif not event.body:  # erased: there is nothing left to publish
                self.settled += self.outbox.mark_settled(event, now)
            else:
                why = "the ledger never heard of it" if record is None else f"{record['state']} for a day"
                log.error("published again", id=event.id, message_id=event.message_id, why=why)
                yield event

    def _look_again(self, event: OutboxEvent, at: int) -> None:
        self.outbox.postpone(event, at - self.schedule.unit)


def _is_at_rest(record: Mapping[str, Any]) -> bool:
    return record["state"] not in _MOVING or "parked" in record


def _find_last_change(record: Mapping[str, Any]) -> int:
    """Return when the mail last changed, or its hold ended; 0 if its record does not say.

    The notifier itself waits for reports on a mail in doubt until a day after its hold.
    """
    moments: list[int] = [row["at"] for row in record.get("timeline", [])]
    held: int = record.get("held_until", 0) if record["state"] in _IN_DOUBT else 0
    return max([held, *moments])


@cache
def compose() -> tuple[ReconcileSettings, Outbox, LedgerReader, Publisher]:
    """Create the settings, the outbox, the ledger reader and the publisher of this process."""
    settings, outbox_settings = ReconcileSettings.from_environment(), OutboxSettings.from_environment()
    outbox = Outbox(clients.dynamodb(), outbox_settings.books_table)
    tracer = open_tracer(outbox_settings.otlp_endpoint)
    publisher = Publisher(clients.sns(), outbox_settings.events_topic_arn, outbox, read_clock, tracer)
    return settings, outbox, LedgerReader(clients.dynamodb(), settings.ledger_table), publisher


def handler(_event: object, context: LambdaContext) -> dict[str, int]:
    """Compare the published events with the ledger, while there is time."""
    settings, outbox, ledger, publisher = compose()
    schedule = RepublicationSchedule(settings.reconcile_after_seconds * 1000)
    run = Reconciliation(outbox, ledger, settings.event_source, schedule, read_clock)
    counts = publisher.publish(run.find_due(context))
    return counts.tell("reconciled", Republished=counts.published) | {"settled": run.settled}
