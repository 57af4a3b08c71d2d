"""Every event by itself: a discrete-event simulation of the road from SNS to SES, for bursts of some thousands.

SNS hands an event to Lambda's queue at once and at no charge to its own limits; see `rules` for all that follows.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from function.errors import NotSent, QuotaExhausted, Throttled
from herald.capacity.answer import Answer, Moment
from herald.capacity.question import Question
from herald.capacity.rules import (
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

__all__ = ["play"]

Steps = Generator[simpy.Event, Any, None]


@dataclass(slots=True)
class Mail:
    """One event on its way: what its record and its queue know of it. Times in seconds; None: not yet."""

    first_at: float | None = None
    attempts: int = 0
    queued_at: float = 0.0
    receives: int = 0


@dataclass(slots=True)
class Ses:
    """SES's two limits, counted in windows that slide."""

    question: Question
    second: deque[float] = field(default_factory=deque)
    day: deque[float] = field(default_factory=deque)

    def send(self, now: float) -> NotSent | None:
        """Take one mail, or say what is in its way."""
        mails, span = self.question.window
        for window, length in ((self.second, span), (self.day, WINDOW)):
            while window and window[0] <= now - length:
                window.popleft()
        if self.question.quota is not None and len(self.day) >= self.question.quota:
            return QuotaExhausted("daily")
        if len(self.second) >= mails:
            return Throttled("rate")
        self.second.append(now)
        self.day.append(now)
        return None


class Cloud:
    """The queues and environments between SNS and SES."""

    def __init__(self, question: Question, seed: int) -> None:
        self.question = question
        self.chance = random.Random(seed)  # noqa: S311 - no secret hangs on it
        self.time = simpy.Environment()
        self.ses = Ses(question)
        self.answer = Answer("each event by itself")
        self.busy = 0
        self.waiting = 0
        self.parked = 0
        self.visible: simpy.Store = simpy.Store(self.time)

    def run(self) -> Answer:
        """Play it until nothing is under way."""
        for number in range(self.question.burst):
            self.time.process(self._arrive(self.question.over * number / self.question.burst))
        for _ in range(self.question.retry):
            self.time.process(self._poll())
        self.time.process(self._watch())
        self.time.run()
        return self.answer

    # -- Lambda's own queue ----------------------------------------------------------------------------------------

    def _arrive(self, at: float) -> Steps:
        yield self.time.timeout(at)
        self.waiting += 1
        mail, pause = Mail(), BACKOFF_FIRST
        while not self._begin():
            self.answer.throttles += 1
            wait = pause * (1 - self.chance.random() / 2)
            if self.time.now + wait - at >= EVENT_AGE:
                yield self.time.timeout(EVENT_AGE - (self.time.now - at))
                self.waiting -= 1
                self.answer.aged += 1
                self._park(mail, 0)
                return
            yield self.time.timeout(wait)
            pause = min(pause * 2, BACKOFF_LONGEST)
        self.waiting -= 1
        wait_for = yield from self._deliver(mail)
        if wait_for is not None:
            self.answer.released += 1
            self._park(mail, min(wait_for, LONGEST_DELAY))

    def _begin(self) -> bool:
        if self.busy >= self.question.environments(self.time.now):
            return False
        self.busy += 1
        self.answer.invocations += 1
        return True

    # -- one delivery ----------------------------------------------------------------------------------------------

    def _deliver(self, mail: Mail) -> Generator[simpy.Event, Any, float | None]:
        """Claim, send, record: the seconds until it comes again, or None where it does not."""
        begun, seconds = self.time.now, self.question.seconds
        yield self.time.timeout(seconds * CLAIM_SHARE)
        mail.first_at = self.time.now if mail.first_at is None else mail.first_at
        mail.attempts += 1
        refusal = yield from self._send()
        rest = seconds * (1 - CLAIM_SHARE - SEND_SHARE)
        yield self.time.timeout(max(rest, begun + self.question.held(0) - self.time.now))
        self.busy -= 1
        if refusal is None:
            self._done(sent=1)
            return None
        if SCHEDULE.exhausted(int(mail.first_at * 1000) + 1, int(self.time.now * 1000) + 1, mail.receives):
            self._done(dead=1)
            return None
        return SCHEDULE.after(refusal, mail.attempts)

    def _send(self) -> Generator[simpy.Event, Any, NotSent | None]:
        refusal: NotSent | None = None
        for round_ in range(ROUNDS):
            refusal = self.ses.send(self.time.now)
            yield self.time.timeout(self.question.seconds * (REFUSAL_SHARE if refusal else SEND_SHARE))
            if refusal is None:
                return None
            if isinstance(refusal, QuotaExhausted):
                self.answer.over_quota += 1
                return refusal
            self.answer.refusals += 1
            if round_ < ROUNDS - 1:
                yield self.time.timeout(PAUSE * 2**round_ * self.chance.random())
        return refusal

    def _done(self, sent: int = 0, dead: int = 0, lost: int = 0) -> None:
        answer = self.answer
        answer.sent += sent
        answer.dead += dead
        answer.lost += lost
        answer.drained = self.time.now
        if sent and answer.sent == math.ceil(self.question.burst / 2):
            answer.half = self.time.now

    # -- the queue `retry` -----------------------------------------------------------------------------------------

    def _park(self, mail: Mail, delay: float) -> None:
        self.parked += 1
        mail.queued_at = self.time.now
        self.time.process(self._appear(mail, math.ceil(delay)))

    def _appear(self, mail: Mail, delay: float) -> Steps:
        yield self.time.timeout(delay)
        self.visible.put(mail)

    def _poll(self) -> Steps:
        while True:
            mail = yield self.visible.get()
            if self.time.now - mail.queued_at > QUEUE_RETENTION:
                self.parked -= 1
                self._done(lost=1)
                continue
            mail.receives += 1
            received = self.time.now
            while not self._begin():
                self.answer.throttles += 1
                if self.time.now - received >= VISIBILITY:
                    break
                yield self.time.timeout(POLLER_PAUSE)
            else:
                wait_for = yield from self._deliver(mail)
                if wait_for is None:
                    self.parked -= 1
                else:
                    self.time.process(self._appear(mail, math.ceil(wait_for)))
                yield self.time.timeout(POLLER_TURN)
                continue
            self.visible.put(mail)

    # -- what is drawn ---------------------------------------------------------------------------------------------

    def _watch(self) -> Steps:
        """Look around at ever longer intervals, some 1 % of the time that has passed, until all is done."""
        while True:
            answer = self.answer
            answer.moments.append(Moment(self.time.now, answer.sent, self.waiting, self.parked))
            if answer.sent + answer.dead + answer.lost >= self.question.burst:
                return
            yield self.time.timeout(max(1.0, self.time.now / 100))


def play(question: Question, seed: int = 1) -> Answer:
    """Play a burst event by event: some 50,000 a minute, so not for more than a few thousand."""
    return Cloud(question, seed).run()
