"""The same road in bulk: what flows from queue to queue in a short step of time, for bursts of any size.

Where `events` draws lots, this takes the mean. Refusals by a limit that so many calls a second run into are Erlang's
loss formula, which needs only the mean time that a call counts: https://en.wikipedia.org/wiki/Erlang_(unit)#Erlang_B_formula
(environments: as long as the delivery; SES's rate: one second). Tests hold both to each other at sizes both can play.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

from function.errors import NotSent, QuotaExhausted, Throttled
from herald.capacity.answer import Answer, Moment
from herald.capacity.question import Question
from herald.capacity.rules import (
    BACKOFF_FIRST,
    BACKOFF_LONGEST,
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
    WINDOW,
)

__all__ = ["lost_calls", "pour"]

_LEVELS = tuple(
    min(BACKOFF_FIRST * 2.0**tries, BACKOFF_LONGEST) for tries in range(math.ceil(math.log2(BACKOFF_LONGEST)) + 1)
)
#: With less than this of an event left, all is done.
_LEFT = 0.5
_STEPS = 10_000


def lost_calls(servers: int, load: float) -> float:
    """Erlang B: the share of calls that find all `servers` busy under `load` (calls at once, were there room)."""
    if load <= 0:
        return 0.0
    if servers > 300:
        return max(0.0, 1 - servers / load)
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = load * blocked / (server + load * blocked)
    return blocked


@dataclass(frozen=True, slots=True)
class Waiter:
    """Events in `retry` that are alike: tries on their record, when the first was, and since when they lie there."""

    attempts: int
    first_at: int | None
    queued_at: int


@dataclass(slots=True)
class Backlog:
    """What was throttled, by how often: each level comes back evenly between half of its wait and all of it."""

    total: float = 0.0
    coming: list[float] = field(default_factory=lambda: [0.0] * len(_LEVELS))
    #: At which tick the flow of which level changes, and by how much, in what a factor of `shrunk` makes events.
    changes: defaultdict[int, list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0] * len(_LEVELS)))
    shrunk: float = 1.0

    def due(self, tick: int) -> list[float]:
        """How many of each level come back in this tick; they leave."""
        for level, change in enumerate(self.changes.pop(tick, [])):
            self.coming[level] = max(0.0, self.coming[level] + change)
        back = [flow * self.shrunk for flow in self.coming]
        self.total = max(0.0, self.total - sum(back))
        return back

    def put(self, level: int, count: float, tick: int, step: float) -> None:
        """Have so many wait, from this tick on."""
        level = min(level, len(_LEVELS) - 1)
        first = tick + max(1, round(_LEVELS[level] / 2 / step))
        last = max(first + 1, tick + round(_LEVELS[level] / step))
        flow = count / (last - first) / self.shrunk
        self.changes[first][level] += flow
        self.changes[last][level] -= flow
        self.total += count

    def leave(self, share: float) -> float:
        """Take this share of all that waits out; how many that are."""
        gone = self.total * share
        self.total -= gone
        self.shrunk *= 1 - share
        if self.shrunk < 1e-9:
            self.coming, self.total, self.shrunk = [0.0] * len(_LEVELS), 0.0, 1.0
            self.changes.clear()
        return gone


@dataclass(slots=True)
class Stream:
    """The state of the road, stepped through time. Counts are events, times seconds."""

    question: Question
    answer: Answer
    step: float
    now: float = 0.0
    come: float = 0.0
    #: Lambda's queue: what was never tried, and the rest.
    fresh: float = 0.0
    backlog: Backlog = field(default_factory=Backlog)
    #: The queue `retry`: what can be received, first come first, and what is invisible until which tick.
    visible: deque[tuple[Waiter, float]] = field(default_factory=deque)
    seen: float = 0.0
    hidden: defaultdict[int, defaultdict[Waiter, float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float))
    )
    parked: float = 0.0
    day: deque[tuple[float, float]] = field(default_factory=deque)
    in_a_day: float = 0.0
    #: Of what asks, the share that found no environment; of the calls, the share that SES's rate refused.
    refused: float = 0.0
    refusal: float = 0.0
    ticks: int = 0

    def tick(self) -> None:
        """One step of time."""
        self._arrive()
        self._age()
        self.ticks += 1
        self._appear()
        due = self.backlog.due(self.ticks)
        tried = self.fresh + sum(due)
        polled = self._polled(tried)
        hold, quota = self._hold(), self._over_quota(tried + polled)
        environments = self.question.environments(self.now)
        load = (tried + polled) / self.step * hold
        blocked = lost_calls(environments, load)
        begun, taken = tried * (1 - blocked), min(polled * (1 - blocked), self.seen)
        self.answer.throttles += (tried + polled) * blocked
        self._back_off(due, blocked)
        self._deliver(begun, taken, quota)
        self.now += self.step

    @property
    def waiting(self) -> float:
        """All in Lambda's queue."""
        return self.fresh + self.backlog.total

    @property
    def over(self) -> bool:
        """Whether nothing is left anywhere."""
        return self.come >= self.question.burst and self.waiting + self.parked < _LEFT

    # -- Lambda's own queue ----------------------------------------------------------------------------------------

    def _arrived(self, at: float) -> float:
        """How many had been published by then."""
        if at < 0:
            return 0.0
        over = self.question.over
        return float(self.question.burst) if at >= over else self.question.burst * at / over

    def _arrive(self) -> None:
        come = self._arrived(self.now + self.step)
        self.fresh += come - self.come
        self.come = come

    def _age(self) -> None:
        """What has been waiting for six hours goes to `retry`: which one is luck, so those waiting are of all ages."""
        old = self._arrived(self.now - EVENT_AGE)
        older = self._arrived(self.now + self.step - EVENT_AGE)
        if older <= old or self.waiting <= 0:
            return
        share = (older - old) / (self.come - old)
        leaving = self.fresh * share + self.backlog.leave(share)
        self.fresh *= 1 - share
        self.answer.aged += leaving
        self._park(Waiter(0, None, self._hour(self.now)), leaving, 0)

    def _polled(self, tried: float) -> float:
        """How often the pollers of `retry` ask for an environment in this step.

        One that had it asks again at once, and has it if nobody else came between.
        """
        room = max(1 - self.refused, 0.01)
        taken_away = 1 - math.exp(-tried / self.step * POLLER_TURN)
        each = self._hold() + POLLER_TURN + taken_away * POLLER_PAUSE * self.refused / room
        return min(self.seen, self.question.retry * self.step / each) / room

    def _back_off(self, due: list[float], blocked: float) -> None:
        self.refused = blocked
        for level, count in enumerate([self.fresh, *due]):
            if count * blocked > 0:
                self.backlog.put(level, count * blocked, self.ticks, self.step)
        self.fresh = 0.0

    # -- one delivery ----------------------------------------------------------------------------------------------

    def _hold(self) -> float:
        """Mean seconds of a delivery while SES refuses that share of the calls."""
        seconds, share = self.question.seconds, self.refusal
        refusals = sum(share**round_ for round_ in range(1, ROUNDS + 1))
        pauses = sum(share**round_ * PAUSE * 2 ** (round_ - 1) / 2 for round_ in range(1, ROUNDS))
        taken = (1 - share**ROUNDS) * SEND_SHARE
        spent = seconds * (1 - SEND_SHARE + taken + refusals * REFUSAL_SHARE) + pauses
        return self.question.held(spent)

    def _over_quota(self, coming: float) -> float:
        """The share of the mails that the daily quota refuses."""
        while self.day and self.day[0][0] <= self.now - WINDOW:
            self.in_a_day -= self.day.popleft()[1]
        if self.question.quota is None or coming <= 0:
            return 0.0
        left = max(0.0, self.question.quota - self.in_a_day)
        going = min(coming, self.question.environments(self.now) * self.step / self._hold())
        return max(0.0, 1 - left / going)

    def _deliver(self, begun: float, taken: float, over_quota: float) -> None:
        going = begun + taken
        if going <= 0:
            self.refusal /= 2
            return
        self.answer.invocations += going
        asking = going * (1 - over_quota)
        calls = asking * sum(self.refusal**round_ for round_ in range(ROUNDS))
        mails, span = self.question.window
        environments = self.question.environments(self.now)
        at_most = environments / self.question.held(self.question.seconds) * span
        found = lost_calls(mails, calls / self.step * span) if at_most > mails else 0.0
        self.refusal += (found - self.refusal) * 0.2
        failed = found**ROUNDS
        self.answer.refusals += calls * found
        self.answer.over_quota += going * over_quota
        self._sent(asking * (1 - failed))
        shares = ((Throttled("rate"), (1 - over_quota) * failed), (QuotaExhausted("daily"), over_quota))
        if begun > 0:
            self._come_back(Waiter(0, None, 0), begun, shares, LONGEST_DELAY)
        while taken > 0 and self.visible:
            waiter, count = self.visible.popleft()
            if count > taken:
                self.visible.appendleft((waiter, count - taken))
                count = taken
            taken -= count
            self.seen -= count
            self.parked -= count
            self._come_back(waiter, count, shares, math.inf)

    def _sent(self, count: float) -> None:
        self.answer.sent += count
        if count > 0:
            self.answer.drained = self.now + self.step
        if self.question.quota is not None:
            self.day.append((self.now, count))
            self.in_a_day += count
        if not self.answer.half and self.answer.sent >= self.question.burst / 2:
            self.answer.half = self.now

    def _come_back(
        self, waiter: Waiter, count: float, shares: tuple[tuple[NotSent, float], ...], longest: float
    ) -> None:
        first = waiter.first_at if waiter.first_at is not None else self._hour(self.now)
        for error, share in shares:
            if share * count <= 0:
                continue
            if SCHEDULE.exhausted(int(first * 1000) + 1, int(self.now * 1000), 0):
                self.answer.dead += count * share
                self.answer.drained = self.now
                continue
            again = Waiter(min(waiter.attempts + 1, 12), first, waiter.queued_at or self._hour(self.now))
            if longest != math.inf:
                self.answer.released += count * share
            self._park(again, count * share, min(SCHEDULE.after(error, waiter.attempts + 1), longest))

    # -- the queue `retry` -----------------------------------------------------------------------------------------

    def _park(self, waiter: Waiter, count: float, delay: float) -> None:
        self.parked += count
        self.hidden[self.ticks + max(1, round(delay / self.step))][waiter] += count

    def _appear(self) -> None:
        """What was invisible long enough can be received; what SQS has kept for 14 days is deleted."""
        for waiter, count in self.hidden.pop(self.ticks, {}).items():
            self.visible.append((waiter, count))
            self.seen += count
        while self.visible and self.now - self.visible[0][0].queued_at > QUEUE_RETENTION:
            count = self.visible.popleft()[1]
            self.parked -= count
            self.seen -= count
            self.answer.lost += count

    def _hour(self, at: float) -> int:
        """Times on records to a few minutes, so that what is alike stays together."""
        width = max(300.0, self.step)
        return int(at // width * width)


def pour(question: Question) -> Answer:
    """Play a burst in bulk: seconds of computing for any size."""
    stream = Stream(question, Answer("in bulk"), min(max(_length(question) / _STEPS, 0.25), 30.0))
    seen = 0.0
    while not stream.over:
        if stream.now >= seen:
            stream.answer.moments.append(Moment(stream.now, stream.answer.sent, stream.waiting, stream.parked))
            seen = stream.now * 1.01 + stream.step
        stream.tick()
    stream.answer.moments.append(Moment(stream.now, stream.answer.sent, stream.waiting, stream.parked))
    return stream.answer


def _length(question: Question) -> float:
    """Seconds that it takes at least."""
    days = question.burst / question.quota if question.quota else 0.0
    return max(question.burst / question.rate, question.over, days * WINDOW if days > 1 else 0.0)
