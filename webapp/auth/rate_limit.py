"""The rate limit of each caller. Each process counts for itself; API Gateway's throttle and each account's mail budget
apply across processes.

The generic cell rate algorithm: one number for each caller, the time at which the bucket is full again.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from webapp.errors import RateLimitStatus, TooManyRequests

__all__ = ["RateLimiter"]

_MOST_CALLERS = 10_000


class RateLimiter:
    """Limits each caller to `per_second` requests a second, with bursts of twice as many."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._interval = 1 / per_second
        self._tolerance = 2.0
        self._clock = clock
        self._full: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, caller: str) -> None:
        """Count a request; raises `TooManyRequests` if this caller must wait."""
        with self._lock:
            now = self._clock()
            full = max(self._full.get(caller, now), now) + self._interval
            wait = full - now - self._tolerance
            if wait <= 0:
                self._full[caller] = full
                self._full.move_to_end(caller)
                if len(self._full) > _MOST_CALLERS:
                    self._full.popitem(last=False)
                return
        raise TooManyRequests("You ask too often; wait as long as Retry-After says.", retry_after=math.ceil(wait))

    def status(self, caller: str) -> RateLimitStatus:
        """Return this caller's limit after the requests counted so far."""
        with self._lock:
            used = max(self._full.get(caller, 0.0) - self._clock(), 0.0)
        return RateLimitStatus(
            "requests",
            quota=int(self._tolerance * self._per_second),
            window=int(self._tolerance),
            remaining=int((self._tolerance - used) * self._per_second + 1e-6) if used < self._tolerance else 0,
            reset=math.ceil(used),
        )
