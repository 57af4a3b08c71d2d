"""The reconciliation: once an hour, what SNS took and the ledger has never heard of is published again.

That closes every loss between the two, whatever its cause; that the notifier claims each event once makes it harmless.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from webapp import log
from webapp.aws import clients
from webapp.clock import Clock, now
from webapp.outbox.outbox import Outbox, OutboxEvent
from webapp.outbox.publisher import Publisher
from webapp.outbox.run import Context, take_while_time
from webapp.settings import OutboxSettings, ReconcileSettings
from webapp.timeline.ledger import Ledger

__all__ = ["Reconciliation", "compose", "handler"]


@dataclass(slots=True)
class Reconciliation:
    """One run: settles what the ledger knows, and hands out what it does not."""

    outbox: Outbox
    ledger: Ledger
    source: str
    clock: Clock
    settled: int = 0

    def find_unheard(self, before: int) -> Iterator[OutboxEvent]:
        """What was published before that time and nobody heard of."""
        for event in self.outbox.unsettled(before):
            if self.ledger.has_heard_of(self.source, event.id, event.message_id):
                self.settled += self.outbox.mark_settled(event, self.clock())
            else:
                log.error("the ledger never heard of it, published again", id=event.id, message_id=event.message_id)
                yield event


@cache
def compose() -> tuple[ReconcileSettings, Outbox, Ledger, Publisher]:
    """What this process reconciles with."""
    settings, outbox_settings = ReconcileSettings.from_environment(), OutboxSettings.from_environment()
    outbox = Outbox(clients.dynamodb(), outbox_settings.books_table)
    publisher = Publisher(clients.sns(), outbox_settings.events_topic_arn, outbox, now)
    return settings, outbox, Ledger(clients.dynamodb(), settings.ledger_table), publisher


def handler(_event: object, context: Context) -> dict[str, int]:
    """Compare what was published longer ago than the setting says with the ledger, while there is time."""
    settings, outbox, ledger, publisher = compose()
    run = Reconciliation(outbox, ledger, settings.event_source, now)
    counts = publisher.publish(
        take_while_time(run.find_unheard(now() - settings.reconcile_after_seconds * 1000), context)
    )
    return counts.tell("reconciled", Republished=counts.published) | {"settled": run.settled}
