"""Waiting for what happens, on a machine of any speed: the limit only ends a hang."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["LIMIT", "eventually"]

T = TypeVar("T")

#: Seconds, for every wait and every call of a test: more than a working machine needs under any load.
LIMIT = 300.0


def eventually(look: Callable[[], T], good: Callable[[T], bool], every: float = 0.1) -> T:
    """What `look` sees, as soon as it is good; looks `every` so many seconds, and fails with what it saw last."""
    deadline = time.monotonic() + LIMIT
    while not good(seen := look()):
        assert time.monotonic() < deadline, f"after {LIMIT:.0f} s still {seen!r}"
        time.sleep(every)
    return seen
