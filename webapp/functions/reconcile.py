"""The reconciliation: once an hour, what SNS took and the ledger does not have at rest is looked at again.

What never arrived in the ledger, or has been under way for a day without a step, is published
again, ever more rarely. That closes every loss between the two, whatever its cause; that the notifier claims each event
once makes it harmless.
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

#: States in which a mail is under way, unless it is parked: everything else is at rest.
_IN_DOUBT = frozenset({"sending", "unknown"})
_MOVING = _IN_DOUBT | {"released"}


@dataclass(frozen=True, slots=True)
class RepublicationSchedule:
    """When an event is published again: 1, 2, 4, 8 and 24 units after it was first, then weekly.

    `unit` is an hour in milliseconds; the laptop cloud has shorter ones. All other times are epoch milliseconds.
    """

    unit: int

    @property
    def day(self) -> int:
        """A day, in milliseconds."""
        return 24 * self.unit

    def compute_next_publication(self, event: OutboxEvent) -> int:
        """When it is due again: the first time of the schedule after its last publication."""
        first = event.published_at or 0
        last = (event.republished_at or first) - first
        for hours in (1, 2, 4, 8, 24):
            if last < hours * self.unit:
                return first + hours * self.unit
        weeks = 0 if not self.unit else (last - self.day) // (7 * self.day) + 1
        return first + self.day + weeks * 7 * self.day


@dataclass(slots=True)
class Reconciliation:
    """One run: settles what the ledger has at rest, and hands out what is to be published again."""

    outbox: Outbox
    ledger: LedgerReader
    source: str
    schedule: RepublicationSchedule
    clock: Clock
    settled: int = 0

    def find_due(self, context: LambdaContext) -> Iterator[OutboxEvent]:
        """What is due to be published again; all else is settled, or looked at again later. Stops in time."""
        for event in take_while_time(self.outbox.find_unsettled(self.clock() - self.schedule.unit), context):
            now = self.clock()
            record = self.ledger.message_of(self.source, event.id, event.message_id)
            if record is not None and _is_at_rest(record):
                self.settled += self.outbox.mark_settled(event, now)
            elif record is not None and now - _find_last_change(record) < self.schedule.day:
                self._look_again(event, now + self.schedule.unit)
            elif (due := self.schedule.compute_next_publication(event)) > now:
                self._look_again(event, min(due, now + self.schedule.day))
            elif not event.body:  # erased: nothing is left that could be published
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
    """When something last happened to the mail, or its hold ended; 0 if its record does not say.

    The notifier itself waits for reports on a mail in doubt until a day after its hold.
    """
    moments: list[int] = [row["at"] for row in record.get("timeline", [])]
    held: int = record.get("held_until", 0) if record["state"] in _IN_DOUBT else 0
    return max([held, *moments])


@cache
def compose() -> tuple[ReconcileSettings, Outbox, LedgerReader, Publisher]:
    """The settings, the outbox, the ledger and the publisher of this process."""
    settings, outbox_settings = ReconcileSettings.from_environment(), OutboxSettings.from_environment()
    outbox = Outbox(clients.dynamodb(), outbox_settings.books_table)
    tracer = open_tracer(outbox_settings.otlp_endpoint)
    publisher = Publisher(clients.sns(), outbox_settings.events_topic_arn, outbox, read_clock, tracer)
    return settings, outbox, LedgerReader(clients.dynamodb(), settings.ledger_table), publisher


def handler(_event: object, context: LambdaContext) -> dict[str, int]:
    """Compare what was published with the ledger, while there is time."""
    settings, outbox, ledger, publisher = compose()
    schedule = RepublicationSchedule(settings.reconcile_after_seconds * 1000)
    run = Reconciliation(outbox, ledger, settings.event_source, schedule, read_clock)
    counts = publisher.publish(run.find_due(context))
    return counts.tell("reconciled", Republished=counts.published) | {"settled": run.settled}
