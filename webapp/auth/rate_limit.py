"""How often one caller may ask. Each process counts for itself; what all of them share is API Gateway's throttle, and
the budget of mails of each account.

The generic cell rate algorithm: one number a caller, the time at which the bucket will be full again.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from webapp.errors import TooManyRequests

__all__ = ["RateLimiter", "Standing"]

_MOST_CALLERS = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands: of `quota` requests in `window` seconds so many remain, and all again in `reset` seconds.

    Its headers are those of https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
    """

    name: str
    quota: int
    window: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """`RateLimit-Policy` and `RateLimit`."""
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.quota};w={self.window}',
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.reset}',
        }


class RateLimiter:
    """So many requests a second for each caller, in bursts of twice as many."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._interval = 1 / per_second
        self._tolerance = 2.0
        self._clock = clock
        self._full: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, caller: str) -> None:
        """Count a request; raises `TooManyRequests` if this caller has to wait."""
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

    def standing(self, caller: str) -> Standing:
        """Where this caller stands after the requests that were counted."""
        with self._lock:
            used = max(self._full.get(caller, 0.0) - self._clock(), 0.0)
        return Standing(
            "requests",
            quota=int(self._tolerance * self._per_second),
            window=int(self._tolerance),
            remaining=int((self._tolerance - used) * self._per_second + 1e-6) if used < self._tolerance else 0,
            reset=math.ceil(used),
        )
