"""What an event costs while SES takes nothing, counted over the whole outage. While Herald is paused nobody reads the
queue, so there is nothing to count."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Any

import pytest

from bench.cost.meter import Meter
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald
from function.errors import NotificationError, ProviderUnavailable, QuotaExhausted
from function.message.catalogue import Catalogue
from function.notify import Notifier
from function.queues.sqs import Queue
from function.runtime.metrics import Telemetry
from tests.faults import envelopes

_HOUR = 3600


class Context:
    """Lambda's."""

    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@dataclass(slots=True)
class Outage:
    """An event that meets a provider which takes nothing until `ends` (epoch milliseconds), and what that costs."""

    world: InMemoryHerald
    meter: Meter
    error: NotificationError
    ends: int
    sent: list[dict[str, Any]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)

    def send_message(self, **request: Any) -> None:
        """SQS takes a message into `retry`."""
        self.sent.append(request)
        self.waits.append(request["DelaySeconds"])

    def change_message_visibility(self, **request: Any) -> None:
        """SQS keeps a message that is there out of sight."""
        self.waits.append(request["VisibilityTimeout"])

    def until_mailed(self) -> None:
        """Deliver the event, and hand it out of the queue as often as it comes back."""
        queue = Queue(self, "retry")
        notifier = Notifier(lambda _: self._courier(), queue, self._telemetry(), self.world.clock)
        self._meet(lambda: notifier(envelopes.sns("m1", json.dumps(event())), Context()))
        for receives in range(1, 200):
            if self.world.mails:
                return
            self.world.clock.forward(self.waits[-1])
            item = envelopes.make_queue_record(
                self.sent[0]["MessageBody"], "item", receives, self.sent[0].get("MessageAttributes", {})
            )
            self._meet(lambda item=item: notifier(item, Context()))
        pytest.fail("it never left")

    def _meet(self, invoke: Any) -> None:
        down = self.world.clock() < self.ends
        self.world.post.answers = [self.error] * 10 if down else []
        invoke()

    def _courier(self) -> Any:
        return replace(self.world.courier(), dead=Queue(self, "dead"))

    def _telemetry(self) -> Telemetry:
        return Telemetry("notify", "r1", self.world.clock, StringIO())


def outage(catalogue: Catalogue, error: NotificationError, hours: int) -> Outage:
    meter = Meter()
    world = InMemoryHerald(meter, catalogue)
    found = Outage(world, meter, error, world.clock() + hours * _HOUR * 1000)
    found.until_mailed()
    return found


@pytest.mark.parametrize(
    ("error", "hours", "tries", "units", "late"),
    [
        (ProviderUnavailable("out of reach"), 2, 17, 180, 900),
        (ProviderUnavailable("out of reach"), 12, 57, 690, 900),
        (QuotaExhausted("daily message quota exceeded"), 12, 14, 150, _HOUR),
    ],
    ids=["down for two hours", "down for twelve hours", "over quota for twelve hours"],
)
def test_an_outage_heals_by_itself_and_costs_little(
    catalogue: Catalogue, error: NotificationError, hours: int, tries: int, units: int, late: int
) -> None:
    found = outage(catalogue, error, hours)
    assert found.world.mails == 1
    assert found.world.clock() - found.ends <= late * 1000, "the mail leaves soon after the provider is back"
    assert len(found.sent) == 1, "one message waits in the queue; it is never sent anew"
    assert len(found.waits) + 1 <= tries
    assert found.meter.requests == 2 * (len(found.waits) + 1), "a claim and a release each time, a record in the end"
    assert found.meter.write_units <= units
