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
from typing import Final

from webapp.errors import TooManyRequests

__all__ = ["RateLimiter"]

_MOST_CALLERS: Final = 10_000


class RateLimiter:
    """So many requests a second for each caller, in bursts of twice as many."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
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
