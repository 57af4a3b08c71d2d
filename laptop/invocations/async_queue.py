"""Lambda's queue of asynchronous events, from SNS and from `Invoke` calls of type `Event`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from laptop.invocations.invocation import InvocationOutcome, InvocationTarget, InvokeConfig, QueuedEvent
from laptop.invocations.retries import Failed, RetryLater, decide, refuse

__all__ = ["AsyncQueue"]


@dataclass(frozen=True, slots=True)
class AsyncQueue:
    """Tries each event until it succeeds or is given up.

    `limits` returns the current configuration of the target, `run` runs an event once, `give_up` stores a failed event,
    `later` schedules a call in a number of seconds, `clock` returns seconds since 1970. `pending` holds the events that
    have neither succeeded nor been given up, by request id.

    `draw` returns a uniform number in [0, 1): throttled events wait between half and all of their delay, so that a
    burst does not come back all at once (an assumption: AWS documents only the longest delays).
    """

    limits: Callable[[InvocationTarget], InvokeConfig]
    run: Callable[[QueuedEvent], InvocationOutcome]
    give_up: Callable[[Failed, InvokeConfig], None]
    later: Callable[[float, Callable[[], None]], None]
    clock: Callable[[], float]
    scale: float
    draw: Callable[[], float]
    pending: dict[str, QueuedEvent] = field(default_factory=dict)

    def put(self, event: QueuedEvent) -> None:
        """Accept an event and run it as soon as possible."""
        self.pending[event.request_id] = event
        self.later(0, lambda: self._try(event))

    def _try(self, event: QueuedEvent) -> None:
        limits = self.limits(event.target)
        next_: RetryLater | Failed | None = refuse(event, limits)
        if next_ is None:
            outcome = self.run(event)
            limits = self.limits(event.target)
            next_ = decide(event, outcome, limits, (self.clock() - event.accepted) / self.scale)
        if isinstance(next_, RetryLater):
            again = next_.event
            part = 1 - self.draw() / 2 if again.throttles else 1.0
            self.later(next_.seconds * part * self.scale, lambda: self._try(again))
            return
        if next_ is not None:
            self.give_up(next_, limits)
        del self.pending[event.request_id]
