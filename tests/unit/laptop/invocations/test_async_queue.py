"""The asynchronous queue on a clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from laptop.invocations.async_queue import AsyncQueue
from laptop.invocations.invocation import Ending, InvocationOutcome, InvocationTarget, InvokeConfig, QueuedEvent
from laptop.invocations.retries import Failed

SCALE = 0.01
EVENT = QueuedEvent(
    "r", InvocationTarget("arn:aws:lambda:us-east-1:000000000000:function:f"), {}, "event", accepted=1000.0
)


@dataclass
class FakeInvocations:
    """A function that ends as told, and a clock that jumps to whatever is due next."""

    endings: Sequence[Ending]
    limits: InvokeConfig = field(default_factory=InvokeConfig)
    draw: float = 0.0
    now: float = 1000.0
    runs: list[float] = field(default_factory=list)
    kept: list[Failed] = field(default_factory=list)
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def play(self, event: QueuedEvent) -> None:
        """Put one event in and let all time pass."""
        endings = iter(self.endings)

        def run(_: QueuedEvent) -> InvocationOutcome:
            self.runs.append(round(self.now - 1000.0, 6))
            return InvocationOutcome(next(endings), "1", None)

        queue = AsyncQueue(
            lambda _: self.limits,
            run,
            lambda failed, _: self.kept.append(failed),
            lambda seconds, call: self.due.append((self.now + seconds, call)),
            lambda: self.now,
            SCALE,
            lambda: self.draw,
        )
        queue.put(event)
        while self.due:
            assert list(queue.pending) == [event.request_id]
            self.now, call = self.due.pop(0)
            call()
        assert queue.pending == {}, "it has succeeded or was given up"


def test_waits_are_scaled() -> None:
    world = FakeInvocations(["error", "error", "ok"])
    world.play(EVENT)
    assert world.runs == [0, 0.6, 1.8]
    assert world.kept == []


def test_an_event_is_kept_once_when_it_is_given_up() -> None:
    world = FakeInvocations(["error"] * 3)
    world.play(EVENT)
    assert [(failed.condition, failed.event.runs) for failed in world.kept] == [("RetriesExhausted", 3)]


@pytest.mark.parametrize(("draw", "runs"), [(0.0, [0, 0.01, 0.03, 0.07]), (0.9, [0, 0.0055, 0.0165, 0.0385])])
def test_throttled_events_come_back_between_half_and_all_of_their_wait(draw: float, runs: list[float]) -> None:
    world = FakeInvocations(["throttled", "throttled", "throttled", "ok"], draw=draw)
    world.play(EVENT)
    assert world.runs == runs


def test_a_throttled_event_runs_in_the_end() -> None:
    world = FakeInvocations([*("throttled",) * 12, "ok"])
    world.play(EVENT)
    assert len(world.runs) == 13
    assert world.kept == []


def test_age_is_counted_in_scaled_time() -> None:
    world = FakeInvocations(["throttled"] * 100, InvokeConfig(age=60))
    world.play(EVENT)
    assert world.now - 1000.0 <= 60 * SCALE
    assert [failed.condition for failed in world.kept] == ["EventAgeExceeded"]


def test_nothing_runs_while_the_function_is_switched_off() -> None:
    world = FakeInvocations([], InvokeConfig(closed=True))
    world.play(EVENT)
    assert world.runs == []
    assert [failed.condition for failed in world.kept] == ["ZeroReservedConcurrency"]
