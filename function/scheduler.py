"""Entry point of `scheduler`: once a minute it queues the due records in `retry`.

It queues only a reference to the record; `notify` reads the event from the ledger, claims and sends. So it does no harm
if two schedulers run at once, one crashes at any point, or its clock differs from that of `notify`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from function.bootstrap import Clients, LazyHandler, open_ledger, read_clock, read_release
from function.event.envelope import Delivery
from function.ledger.schedule import Due, Schedule
from function.queues.dead_letter import write_retry
from function.queues.sqs import Queue
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import Telemetry, find_service
from function.settings import SchedulerSettings

__all__ = ["Scheduler", "compose", "handler"]

#: Most messages of one SQS call.
_BATCH = 10
#: Milliseconds at the end of the invocation that are reserved for the last batch.
_RESERVE = 10_000


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Queues the records that are due."""

    schedule: Schedule
    retry: Queue
    telemetry: Telemetry
    clock: Callable[[], int]

    def __call__(self, _event: object, context: Any) -> dict[str, int]:
        """Queue every due record while there is time; the next run continues. Returns how many were queued."""
        now = self.clock()
        deadline = now + int(context.get_remaining_time_in_millis()) - _RESERVE
        count = age = 0
        due = self.schedule.find_due(now)
        while batch := list(islice(due, _BATCH)):
            age = max(age, *(now - found.due_at for found in batch))
            if self.clock() > deadline:
                break
            count += self._ask(batch)
        self.telemetry.tally({"Due": count, "DueAgeSeconds": age // 1000})
        return {"due": count}

    def _ask(self, batch: Sequence[Due]) -> int:
        """Queue a batch; return how many SQS accepted. The others keep their place in the index, and the next run finds
        them."""
        letters = [write_retry(Delivery(found.message_id, "", in_ledger=True)) for found in batch]
        refused = self.retry.put_all(letters)
        for number, found in enumerate(batch):
            if number in refused:
                self.telemetry.note("failed", message_id=found.message_id, detail=refused[number])
            else:
                self.schedule.put_off(found)
        return len(batch) - len(refused)


def compose(environment: dict[str, str], clients: Clients) -> Scheduler:
    """Compose the handler. Raises BadSetting."""
    settings = SchedulerSettings.read(environment, read_release())
    ledger = open_ledger(settings.ledger, clients.dynamodb())
    telemetry = Telemetry(find_service(environment, "scheduler"), settings.ledger.release, read_clock)
    return Scheduler(Schedule(ledger), Queue(clients.sqs(), settings.retry_queue_url), telemetry, read_clock)


#: Lambda's handler.
handler = LazyHandler(compose)
