"""When an unsettled delivery is retried. Pure; times are in epoch milliseconds, waits in seconds."""

from __future__ import annotations

from function.errors import NotSent, QuotaExhausted
from function.runtime.lean_dataclass import dataclass

__all__ = ["RetryPolicy"]


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The waits; the laptop cloud scales all of them by one factor.

    `first` doubles with each attempt up to `longest`; after an exhausted quota the wait is `quota`. After `give_up`
    since the first try, an operator decides. `receives` is the last receive before the queue's own redrive policy
    applies.
    """

    first: float = 2.0
    longest: float = 900.0
    quota: float = 3600.0
    give_up: float = 86_400.0
    receives: int = 200

    def wait_after(self, error: NotSent, attempts: int) -> float:
        """Return the seconds until a mail that was certainly not sent is tried again."""
        if isinstance(error, QuotaExhausted):
            return self.quota
        return min(self.first * 2.0 ** min(max(attempts, 1) - 1, 20), self.longest)

    def wait_after_receives(self, receives: int) -> float:
        """Return the seconds until a delivery without a verdict is retried: 200 of these waits take longer than a
        day."""
        return min(self.first * 2.0 ** min(max(receives, 1) - 1, 20), self.longest)

    def has_waited_for_a_day(self, receives: int) -> bool:
        """Whether the waits after so many receives add up to a day; time in a paused queue does not count as trying."""
        return sum(map(self.wait_after_receives, range(1, receives))) >= self.give_up

    def is_exhausted(self, first_at: int, now: int, receives: int) -> bool:
        """Whether retrying is over: a day has passed, or the queue will not deliver it again."""
        too_old = first_at > 0 and now - first_at > self.give_up * 1000
        return too_old or receives >= self.receives
