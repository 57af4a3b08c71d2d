"""A discrete-event simulation of the path from SNS to SES: every event waits, is delivered, refused and retried.

A burst of up to `LARGEST` events is simulated event by event. A larger one is simulated in lots: one simulated event
stands for `size` real ones, and everything that lasts less than a second (a delivery, SES's window, the pauses between
rounds) takes `size` times as long, so that rates and refusals stay the same. Waits of seconds to days are not changed,
so times are exact to a few `size` seconds.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from function.errors import NotSent, QuotaExhausted, Throttled
from herald.capacity.aws_limits import (
    BACKOFF_FIRST,
    BACKOFF_LONGEST,
    CLAIM_SHARE,
    EVENT_AGE,
    LONGEST_DELAY,
    PAUSE,
    POLLER_PAUSE,
    POLLER_TURN,
    QUEUE_RETENTION,
    REFUSAL_SHARE,
    ROUNDS,
    SCHEDULE,
    SEND_SHARE,
    VISIBILITY,
    WINDOW,
)
from herald.capacity.burst_result import BacklogSample, BurstResult
from herald.capacity.burst_scenario import BurstScenario

__all__ = ["LARGEST", "simulate_burst"]

#: The largest burst, in events, that is simulated event by event.
LARGEST = 20_000

#: Called after a delivery, with the seconds until the mail is retried, or None if it is not.
Then = Callable[["SimulatedEvent", float | None], None]


def simulate_burst(scenario: BurstScenario, seed: int = 1, largest: int = LARGEST) -> BurstResult:
    """Simulate a burst; one of more than `largest` events is simulated in lots."""
    size = math.ceil(scenario.burst / largest)
    return _BurstSimulation(scenario, size, random.Random(seed)).run()  # noqa: S311 - not used for a secret


@dataclass(slots=True)
class SimulatedEvent:
    """One simulated event, with what its record and its queue hold about it. Times in seconds; None: not yet."""

    arrived: float
    pause: float = BACKOFF_FIRST
    first_at: float | None = None
    attempts: int = 0
    queued_at: float = 0.0
    receives: int = 0


@dataclass(slots=True)
class _SesLimits:
    """SES's two limits, counted in sliding windows: `mails` in `span` seconds, and `quota` in a day."""

    mails: int
    span: float
    quota: float
    second: deque[float] = field(default_factory=deque)
    day: deque[float] = field(default_factory=deque)

    def send(self, now: float) -> NotSent | None:
        """Accept one mail and return None, or return the error with which SES refuses it."""
        for window, length in ((self.second, self.span), (self.day, WINDOW)):
            while window and window[0] <= now - length:
                window.popleft()
        if len(self.day) >= self.quota:
            return _OVER_QUOTA
        if len(self.second) >= self.mails:
            return _OVER_RATE
        self.second.append(now)
        if self.quota != math.inf:
            self.day.append(now)
        return None


_OVER_QUOTA, _OVER_RATE = QuotaExhausted("daily"), Throttled("rate")


class _BurstSimulation:
    """The queues and environments between SNS and SES, and a clock that jumps to whatever is due next."""

    def __init__(self, scenario: BurstScenario, size: int, chance: random.Random) -> None:
        self._scenario = scenario
        self._size = size
        self._seconds = scenario.seconds * size
        self._held = scenario.environment_seconds(0) * size
        self._burst = math.ceil(scenario.burst / size)
        self._chance = chance.random
        mails, span = scenario.window
        quota = math.inf if scenario.quota is None else max(1, round(scenario.quota / size))
        self._ses = _SesLimits(mails, span * size, quota)
        self._now = 0.0
        self._due: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._numbers = itertools.count()
        self._answer = BurstResult(size)
        self._busy = self._waiting = self._parked = 0
        self._visible: deque[SimulatedEvent] = deque()
        self._idle_pollers = scenario.retry

    def run(self) -> BurstResult:
        """Run until every event is a mail, a dead letter or lost."""
        for number in range(self._burst):
            at = self._scenario.over * number / self._burst
            self._schedule_at(at, self._arrive, SimulatedEvent(at))
        self._schedule_at(0, self._look)
        due, answer = self._due, self._answer
        while answer.sent + answer.dead + answer.lost < self._burst:
            self._now, _, call, arguments = heapq.heappop(due)
            call(*arguments)
        answer.moments.append(self._take_sample())
        answer.count_for(self._scenario.burst / self._burst)
        return answer

    def _schedule_at(self, moment: float, call: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self._due, (moment, next(self._numbers), call, arguments))

    def _schedule_after(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self._due, (self._now + seconds, next(self._numbers), call, arguments))

    # -- Lambda's own queue ----------------------------------------------------------------------------------------

    def _arrive(self, mail: SimulatedEvent) -> None:
        self._waiting += 1
        self._try(mail)

    def _try(self, mail: SimulatedEvent) -> None:
        if self._begin():
            self._waiting -= 1
            self._deliver(mail, self._release)
            return
        self._answer.throttles += 1
        wait = mail.pause * (1 - self._chance() / 2)
        if self._now + wait - mail.arrived >= EVENT_AGE:
            self._schedule_at(mail.arrived + EVENT_AGE, self._age_out, mail)
            return
        mail.pause = min(mail.pause * 2, BACKOFF_LONGEST)
        heapq.heappush(self._due, (self._now + wait, next(self._numbers), self._try, (mail,)))

    def _age_out(self, mail: SimulatedEvent) -> None:
        self._waiting -= 1
        self._answer.aged += 1
        self._park(mail, 0)

    def _release(self, mail: SimulatedEvent, wait: float | None) -> None:
        if wait is not None:
            self._answer.released += 1
            self._park(mail, min(wait, LONGEST_DELAY))

    def _begin(self) -> bool:
        if self._busy >= self._scenario.environments(self._now):
            return False
        self._busy += 1
        self._answer.invocations += 1
        return True

    # -- one delivery: claim, send, record -------------------------------------------------------------------------

    def _deliver(self, mail: SimulatedEvent, then: Then) -> None:
        self._schedule_after(self._seconds * CLAIM_SHARE, self._claim, mail, then, self._now)

    def _claim(self, mail: SimulatedEvent, then: Then, begun: float) -> None:
        mail.first_at = self._now if mail.first_at is None else mail.first_at
        mail.attempts += 1
        self._send(mail, then, begun, 0)

    def _send(self, mail: SimulatedEvent, then: Then, begun: float, round_: int) -> None:
        refusal = self._ses.send(self._now)
        took = self._seconds * (REFUSAL_SHARE if refusal else SEND_SHARE)
        if refusal is _OVER_RATE:
            self._answer.refusals += 1
            if round_ < ROUNDS - 1:
                pause = PAUSE * self._size * 2**round_ * self._chance()
                self._schedule_after(took + pause, self._send, mail, then, begun, round_ + 1)
                return
        elif refusal:
            self._answer.over_quota += 1
        rest = self._seconds * (1 - CLAIM_SHARE - SEND_SHARE)
        end = max(self._now + took + rest, begun + self._held)
        self._schedule_at(end, self._end, mail, then, refusal)

    def _end(self, mail: SimulatedEvent, then: Then, refusal: NotSent | None) -> None:
        self._busy -= 1
        wait: float | None = None
        if refusal is None:
            self._settle(sent=1)
        elif SCHEDULE.is_exhausted(int((mail.first_at or 0) * 1000) + 1, int(self._now * 1000) + 1, mail.receives):
            self._settle(dead=1)
        else:
            wait = SCHEDULE.wait_after(refusal, mail.attempts)
        then(mail, wait)

    def _settle(self, sent: int = 0, dead: int = 0, lost: int = 0) -> None:
        answer = self._answer
        answer.sent += sent
        answer.dead += dead
        answer.lost += lost
        answer.drained = self._now
        if sent and answer.sent == math.ceil(self._burst / 2):
            answer.half = self._now

    # -- the queue `retry` -----------------------------------------------------------------------------------------

    def _park(self, mail: SimulatedEvent, delay: float) -> None:
        self._parked += 1
        mail.queued_at = self._now
        self._schedule_after(math.ceil(delay), self._appear, mail)

    def _appear(self, mail: SimulatedEvent) -> None:
        self._visible.append(mail)
        if self._idle_pollers:
            self._idle_pollers -= 1
            self._poll()

    def _poll(self) -> None:
        """One poller takes the next message, or waits for one."""
        while self._visible:
            mail = self._visible.popleft()
            if self._now - mail.queued_at > QUEUE_RETENTION:
                self._parked -= 1
                self._settle(lost=1)
                continue
            mail.receives += 1
            self._hand_over(mail, self._now)
            return
        self._idle_pollers += 1

    def _hand_over(self, mail: SimulatedEvent, received: float) -> None:
        if self._begin():
            self._deliver(mail, self._finish_poll)
            return
        self._answer.throttles += 1
        if self._now - received >= VISIBILITY:
            self._visible.append(mail)
            self._poll()
            return
        self._schedule_after(POLLER_PAUSE, self._hand_over, mail, received)

    def _finish_poll(self, mail: SimulatedEvent, wait: float | None) -> None:
        if wait is None:
            self._parked -= 1
        else:
            self._schedule_after(math.ceil(wait), self._appear, mail)
        self._schedule_after(POLLER_TURN * self._size, self._poll)

    # -- samples for the chart -------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Take a sample, at growing intervals: 1 % of the time that has passed, but at least a second."""
        self._answer.moments.append(self._take_sample())
        self._schedule_after(max(1.0, self._now / 100), self._look)

    def _take_sample(self) -> BacklogSample:
        return BacklogSample(self._now, self._answer.sent, self._waiting, self._parked)
