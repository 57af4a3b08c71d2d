"""Lambda's queue of asynchronous events: everything that SNS or an `Event` call hands over runs from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ops.local.invocations.model import Event, Limits, Outcome, Target
from ops.local.invocations.retrying import Again, Failed, after, before

__all__ = ["Asynchronous"]


@dataclass(frozen=True, slots=True)
class Asynchronous:
    """Tries each event until it succeeds or is given up.

    `limits` are those of the target now, `run` runs it once, `give_up` keeps a failed event, `later` calls in so many
    seconds, `clock` tells seconds since 1970.
    """

    limits: Callable[[Target], Limits]
    run: Callable[[Event], Outcome]
    give_up: Callable[[Failed, Limits], None]
    later: Callable[[float, Callable[[], None]], None]
    clock: Callable[[], float]
    scale: float

    def put(self, event: Event) -> None:
        """Accept an event; it runs as soon as it can."""
        self.later(0, lambda: self._try(event))

    def _try(self, event: Event) -> None:
        limits = self.limits(event.target)
        next_: Again | Failed | None = before(event, limits)
        if next_ is None:
            outcome = self.run(event)
            limits = self.limits(event.target)
            next_ = after(event, outcome, limits, (self.clock() - event.accepted) / self.scale)
        if isinstance(next_, Failed):
            self.give_up(next_, limits)
        elif next_ is not None:
            again = next_.event
            self.later(next_.seconds * self.scale, lambda: self._try(again))
