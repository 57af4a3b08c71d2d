"""Limits how long a request waits: all its calls share one deadline, so that it is answered even if a dependency hangs.

A call may only begin before the deadline and has its own timeout, so a page takes less than ten seconds at worst.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from webapp.errors import Unavailable
from webapp.settings import TimeoutSettings

__all__ = ["FACTOR", "SECONDS", "begin", "call_within", "extend", "get_remaining"]

T = TypeVar("T")

FACTOR = TimeoutSettings.from_environment().timeout_factor
#: A request starts no call after this many seconds.
SECONDS = 4.0 * FACTOR


@dataclass(slots=True)
class _Deadline:
    at: float


_CURRENT: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


def begin(seconds: float | None = None) -> None:
    """Start a deadline that all calls of this request share, in whatever thread."""
    _CURRENT.set(_Deadline(time.monotonic() + (SECONDS if seconds is None else seconds)))


def extend(seconds: float) -> None:
    """Give this request `seconds` from now, because its work takes long by design."""
    if (current := _CURRENT.get()) is not None:
        current.at = time.monotonic() + seconds


def get_remaining(most: float) -> float:
    """Return how many seconds a call may take, at most `most`; raises `Unavailable` if none are left."""
    current = _CURRENT.get()
    left = most if current is None else min(current.at - time.monotonic(), most)
    if left <= 0:
        raise Unavailable("Something that this app depends on does not answer.", retry_after=5)
    return left


def call_within(seconds: float, call: Callable[[], T]) -> T:
    """Return or raise what `call` does; raises `TimeoutError` if it takes too long, and lets it continue in its thread.

    Socket timeouts apply to each read: a server that sends one byte a second never exceeds them.
    """
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # raised again in the waiting thread
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(timeout=seconds)
