"""What `make capacity` says, beside the laptop's own asynchronous queue: two programs that share no code, one clock."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable

import pytest

from herald.capacity.burst_scenario import BurstScenario
from herald.capacity.simulation import simulate_burst
from laptop.invocations.async_queue import AsyncQueue
from laptop.invocations.invocation import InvocationOutcome, InvocationTarget, InvokeConfig, QueuedEvent

#: More than the function can send: only the concurrency limits.
NO_LIMIT = 100_000.0
TARGET = InvocationTarget("arn:aws:lambda:us-east-1:000000000000:function:f")


class Laptop:
    """The laptop's queue before a function that takes `seconds` and may run `at_once` times, on a clock that jumps."""

    def __init__(self, seconds: float, at_once: int) -> None:
        self.now = 0.0
        self.throttles = 0
        self.ran: set[str] = set()
        self._seconds = seconds
        self._free = at_once
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        draw = random.Random(1).random  # the simulation's own seed, so that both wait equally long
        self._queue = AsyncQueue(
            lambda _: InvokeConfig(), self._run, self._lose, self._later, lambda: self.now, 1.0, draw
        )

    def play(self, burst: int) -> float:
        """Put so many events in at once; how many seconds it takes until the last has been dealt with."""
        for number in range(burst):
            self._queue.put(QueuedEvent(str(number), TARGET, {}, "sns", accepted=0.0))
        while self._due:
            self.now, _, call = heapq.heappop(self._due)
            call()
        return self.now

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._numbers), call))

    def _run(self, event: QueuedEvent) -> InvocationOutcome:
        if not self._free:
            self.throttles += 1
            return InvocationOutcome("throttled", "1", None)
        self._free -= 1
        self._later(self._seconds, self._release)
        assert event.request_id not in self.ran
        self.ran.add(event.request_id)
        return InvocationOutcome("ok", "1", None)

    def _release(self) -> None:
        self._free += 1

    def _lose(self, *_: object) -> None:
        raise AssertionError("nothing is given up")


@pytest.mark.parametrize(("burst", "seconds", "at_once"), [(24, 40.0, 2), (300, 0.25, 2), (500, 3.0, 10)])
def test_a_burst_drains_and_is_throttled_as_the_simulation_says(burst: int, seconds: float, at_once: int) -> None:
    laptop = Laptop(seconds, at_once)
    took = laptop.play(burst)
    answer = simulate_burst(BurstScenario(NO_LIMIT, burst, seconds=seconds, concurrency=at_once))
    assert len(laptop.ran) == answer.sent == burst
    assert took == pytest.approx(answer.drained)
    assert laptop.throttles == answer.throttles
