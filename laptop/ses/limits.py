"""The account's sending rate and daily quota, counted by recipient.

https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html: mails to the mailbox simulator count towards the
rate, not towards the quota. AWS tolerates short bursts over the rate; this simulator tolerates none.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from laptop.ses.errors import SesError
from laptop.ses.outcomes import is_simulated

__all__ = ["DAILY", "RATE", "Limits"]

#: Both errors carry one code; only the sentence tells them apart.
RATE = "Maximum sending rate exceeded."
DAILY = "Daily message quota exceeded."
DAY = 86_400.0


class Limits:
    """Counts recipients in the last second and the last 24 hours; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float], per_second: float = 14, per_day: int = 50_000) -> None:
        self.per_second = per_second
        self.per_day = per_day
        self._clock = clock
        self._second: deque[float] = deque()
        self._day: deque[float] = deque()
        self._lock = threading.Lock()

    def count(self, recipients: Sequence[str]) -> None:
        """Count one mail; raise `TooManyRequestsException` if it would go over a limit."""
        with self._lock:
            now = self._clock()
            self._forget(now)
            counted = [address for address in recipients if not is_simulated(address)]
            if len(self._day) + len(counted) > self.per_day:
                raise SesError("TooManyRequestsException", DAILY)
            if len(self._second) + len(recipients) > self.per_second:
                raise SesError("TooManyRequestsException", RATE)
            self._second.extend([now] * len(recipients))
            self._day.extend([now] * len(counted))

    def quota(self) -> dict[str, float]:
        """`SendQuota` of `GetAccount`."""
        with self._lock:
            self._forget(self._clock())
            return {
                "Max24HourSend": float(self.per_day),
                "MaxSendRate": float(self.per_second),
                "SentLast24Hours": float(len(self._day)),
            }

    def _forget(self, now: float) -> None:
        for window, span in ((self._second, 1.0), (self._day, DAY)):
            while window and window[0] <= now - span:
                window.popleft()
