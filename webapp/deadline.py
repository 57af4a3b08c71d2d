"""How long a request may wait: all that it asks of others shares one deadline, so that it is answered whatever hangs.

A call may begin before the deadline only and has a timeout of its own: a page takes less than ten seconds at the worst.
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
#: A request begins no call after so many seconds.
SECONDS = 4.0 * FACTOR


@dataclass(slots=True)
class _Deadline:
    at: float


_CURRENT: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


def begin(seconds: float | None = None) -> None:
    """From now on the calls of this request, in whichever thread, share one deadline."""
    _CURRENT.set(_Deadline(time.monotonic() + (SECONDS if seconds is None else seconds)))


def extend(seconds: float) -> None:
    """Give this request so many seconds from now, because what it does takes long by design."""
    if (current := _CURRENT.get()) is not None:
        current.at = time.monotonic() + seconds


def get_remaining(most: float) -> float:
    """How many seconds a call may take, at most `most`; raises `Unavailable` if none are left."""
    current = _CURRENT.get()
    left = most if current is None else min(current.at - time.monotonic(), most)
    if left <= 0:
        raise Unavailable("Something that this app depends on does not answer.", retry_after=5)
    return left


def call_within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises; raises `TimeoutError` if it does neither in time, and leaves it to itself.

    The timeouts of sockets hold for one read each: a server that sends a byte a second never meets them.
    """
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # raised again where it is waited for
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(timeout=seconds)
