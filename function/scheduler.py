"""Entry point of `scheduler`: once a minute it puts what has become due into the queue `retry`.

What it puts there is a reference to the record. `notify` reads the event from the ledger, claims and sends: so it
does no harm if the scheduler runs twice at once, dies anywhere, or has another clock than `notify`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from function.bootstrap import Clients, LazyHandler, clock, open_ledger, release
from function.event.envelope import Delivery
from function.ledger.schedule import Schedule
from function.queues.dead_letter import write_retry
from function.queues.sqs import Queue
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import Telemetry
from function.settings import SchedulerSettings

__all__ = ["Scheduler", "compose", "handler"]

#: Kept back from the invocation's time for the last record, in milliseconds.
_RESERVE = 10_000


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Hands what is due to whoever sends it."""

    schedule: Schedule
    retry: Queue
    telemetry: Telemetry
    clock: Callable[[], int]

    def __call__(self, _event: object, context: Any) -> dict[str, int]:
        """Put every due record into the queue while there is time; the next run goes on. The answer says how many."""
        now = self.clock()
        deadline = now + int(context.get_remaining_time_in_millis()) - _RESERVE
        count = age = 0
        for found in self.schedule.find_due(now):
            age = max(age, now - found.due_at)
            if self.clock() > deadline:
                break
            self.retry.put(write_retry(Delivery(found.message_id, "", in_ledger=True)))
            self.schedule.put_off(found)
            count += 1
        self.telemetry.tally({"Due": count, "DueAgeSeconds": age // 1000})
        return {"due": count}


def compose(environment: dict[str, str], clients: Clients) -> Scheduler:
    """The scheduler of one sandbox. Raises BadSetting."""
    settings = SchedulerSettings.read(environment, release())
    ledger = open_ledger(settings.ledger, clients.dynamodb())
    telemetry = Telemetry(environment.get("AWS_LAMBDA_FUNCTION_NAME", "scheduler"), settings.ledger.release, clock)
    return Scheduler(Schedule(ledger), Queue(clients.sqs(), settings.retry_queue_url), telemetry, clock)


#: Lambda's handler.
handler = LazyHandler(compose)
