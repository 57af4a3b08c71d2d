"""Calls functions at scheduled times."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

__all__ = ["Timer"]


class Timer:
    """Waits and calls on one thread; with `apart`, each call gets its own thread, so that a slow one delays none."""

    def __init__(self, name: str, apart: bool = False) -> None:
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._apart = apart
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def call_after(self, seconds: float, call: Callable[[], None]) -> None:
        """Schedule a call in `seconds`; 0 means as soon as possible."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + seconds, next(self._numbers), call))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            call = self._take_next()
            if self._apart:
                threading.Thread(target=call, daemon=True).start()
            else:
                call()

    def _take_next(self) -> Callable[[], None]:
        with self._changed:
            while True:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(wait)
