"""Lambda's queue of asynchronous events: everything that SNS or an `Event` call hands over runs from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from laptop.invocations.invocation import InvocationOutcome, InvocationTarget, InvokeConfig, QueuedEvent
from laptop.invocations.retries import Failed, RetryLater, decide, refuse

__all__ = ["AsyncQueue"]


@dataclass(frozen=True, slots=True)
class AsyncQueue:
    """Tries each event until it succeeds or is given up.

    `limits` are those of the target now, `run` runs it once, `give_up` keeps a failed event, `later` calls in so many
    seconds, `clock` tells seconds since 1970, `draw` is uniform in [0, 1): throttled events wait between half and all
    of their time, so that a burst does not come back all at once (an assumption: AWS names only the longest waits).
    `pending` are the events that have neither succeeded nor been given up, by request id.
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
        """Accept an event; it runs as soon as it can."""
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
