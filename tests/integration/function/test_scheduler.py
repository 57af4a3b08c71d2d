"""The scheduler: it asks for what is due, ever later for what nobody takes, and for no partition alone."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest

from fakes.clock import Clock
from fakes.example_events import example
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import OutcomeKind
from function.errors import ProviderUnavailable
from function.event.envelope import Delivery, QueueItem
from function.queues.sqs import Queue
from function.runtime.metrics import Telemetry
from function.scheduler import Scheduler
from laptop.model_validation import hold_to_model
from tests.integration.function.scheduled_events import (
    DAY,
    HOUR,
    KEPT_IN_EITHER,
    from_queue,
    make_scheduled_event,
)

pytestmark = KEPT_IN_EITHER


def test_what_is_asked_for_twice_is_one_mail(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    world.clock.forward(DAY)
    (asked,) = world.run_scheduler()
    outcomes = [world.deliver(from_queue(asked)).kind for _ in range(2)]
    assert outcomes == [OutcomeKind.SENT, OutcomeKind.DUPLICATE]


def test_what_got_lost_on_its_way_is_asked_for_again_after_an_hour_then_ever_later(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    world.clock.forward(DAY)
    assert len(world.run_scheduler()) == 1
    world.clock.forward(HOUR - 1)
    assert world.run_scheduler() == []
    world.clock.forward(1)
    assert len(world.run_scheduler()) == 1
    world.clock.forward(30 * DAY)
    assert len(world.run_scheduler()) == 1
    assert world.record().due_at == world.clock() + DAY * 1000


def test_run_every_minute_it_asks_ever_later_for_what_is_not_taken(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    due = world.record().due_at or 0
    world.clock.forward(DAY)
    asked = []
    for _ in range(8):
        asked.append((world.clock() - due) // 3_600_000)
        assert len(world.run_scheduler()) == 1
        world.clock.now = world.record().due_at or 0
    assert asked == [0, 1, 2, 4, 8, 16, 32, 56]
    assert world.record().scheduled_for == due


def test_two_schedulers_at_once_put_it_off_once(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    world.clock.forward(DAY)
    first, second = world.schedule(), world.schedule()
    (found,) = first.find_due(world.clock())
    first.put_off(found)
    due = world.record().due_at
    world.clock.forward(60)
    second.put_off(found)
    assert world.record().due_at == due


def test_a_scheduler_whose_clock_is_ahead_does_not_make_it_early_or_late(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    world.clock.forward(DAY - 600)
    (found,) = world.schedule().find_due(world.clock() + 600_000)
    asked = Delivery(found.message_id, "", in_ledger=True, item=QueueItem("item", "handle", 1))
    outcome = world.deliver(asked)
    assert (outcome.kind, outcome.retry_at) == (OutcomeKind.HELD, world.clock() + 600_000)
    world.clock.forward(600)
    assert world.deliver(asked).kind is OutcomeKind.SENT


def test_what_is_not_taken_at_its_time_is_tried_again_as_any_mail(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=make_scheduled_event(world)))
    world.clock.forward(DAY)
    world.post.answers = [ProviderUnavailable("down")]
    (asked,) = world.run_scheduler()
    assert world.deliver(from_queue(asked)).kind is OutcomeKind.RELEASED
    assert world.run_scheduler() == []
    assert world.deliver(from_queue(asked)).kind is OutcomeKind.SENT


def test_a_long_event_is_still_there_when_it_is_tried_again(world: InMemoryHerald) -> None:
    data = example() | {"not in the schema": random.Random(1).randbytes(8_000).hex()}
    world.deliver(delivery(value=make_scheduled_event(world, data=data)))
    world.clock.forward(DAY)
    world.post.answers = [ProviderUnavailable("down")]
    (asked,) = world.run_scheduler()
    assert world.deliver(from_queue(asked)).kind is OutcomeKind.RELEASED
    assert world.deliver(from_queue(asked)).kind is OutcomeKind.SENT


@dataclass
class Busy:
    """SQS, which needs a second for each call, and does not take what is in `refused`.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    """

    clock: Clock
    refused: dict[str, str] = field(default_factory=dict)
    calls: list[list[str]] = field(default_factory=list)

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.clock.forward(1)
        named = {entry["Id"]: json.loads(entry["MessageBody"])["MessageId"] for entry in Entries}
        assert 1 <= len(named) == len(Entries) <= 10
        self.calls.append(list(named.values()))
        failed = [
            {"Id": id_, "Code": self.refused[name], "SenderFault": False}
            for id_, name in named.items()
            if name in self.refused
        ]
        taken = [
            {"Id": id_, "MessageId": name, "MD5OfMessageBody": "0" * 32}
            for id_, name in named.items()
            if name not in self.refused
        ]
        return hold_to_model("sqs", "SendMessageBatch", {"Successful": taken, "Failed": failed})


def put_due(world: InMemoryHerald, shard: int, count: int, by: int) -> None:
    for number in range(count):
        due_at = {"N": str(world.clock() - by * 1000 + number)}
        item = {"pk": {"S": f"message#s{shard}-{number}"}, "due": {"S": str(shard)}, "due_at": due_at}
        state = {"state": {"S": "scheduled"}, "scheduled_for": due_at}
        world.client.put_item(TableName="herald-ledger", Item=item | state)


def run(world: InMemoryHerald, sqs: Busy, seconds: int = 60) -> dict[str, float]:
    """One run of the scheduler with that much time, and the metrics that it writes."""
    out = StringIO()
    start = world.clock()
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: seconds * 1000 - (world.clock() - start))
    telemetry = Telemetry("scheduler", "r1", world.clock, out)
    Scheduler(world.schedule(), Queue(sqs, "retry"), telemetry, world.clock)({}, context)
    line = json.loads(out.getvalue().splitlines()[-1])
    return {name: line[name] for name in ("Due", "DueAgeSeconds")}


@pytest.mark.slow
def test_a_full_partition_keeps_the_others_not_waiting(world: InMemoryHerald) -> None:
    put_due(world, shard=0, count=450, by=60)
    for shard in (1, 2, 3):
        put_due(world, shard, 1, by=1000)
    sqs = Busy(world.clock)
    assert run(world, sqs, seconds=40)["DueAgeSeconds"] >= 1000, "the oldest is told, wherever it is"
    asked = [name for call in sqs.calls for name in call]
    assert {"s1-0", "s2-0", "s3-0"} <= set(asked)
    assert len(asked) < 450


def test_each_minute_another_partition_comes_first(world: InMemoryHerald) -> None:
    firsts = []
    for minute in range(4):
        world.clock.now = (world.clock.now // 240_000 + 1) * 240_000 + minute * 60_000
        for shard in range(4):
            put_due(world, shard, 10, by=60)
        sqs = Busy(world.clock)
        run(world, sqs, seconds=11)
        firsts.append({name.partition("-")[0] for name in sqs.calls[0]})
    assert firsts == [{f"s{shard}"} for shard in range(4)]


def test_many_are_asked_for_ten_in_a_call_and_each_that_the_queue_refuses_comes_again(world: InMemoryHerald) -> None:
    put_due(world, shard=0, count=25, by=60)
    sqs = Busy(world.clock, refused={"s0-3": "InternalError", "s0-20": "ThrottlingException"})
    assert run(world, sqs)["Due"] == 23
    assert [len(call) for call in sqs.calls] == [10, 10, 5]
    sqs = Busy(world.clock)
    assert run(world, sqs)["Due"] == 2
    assert sqs.calls == [["s0-3", "s0-20"]]
