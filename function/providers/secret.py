"""A provider's key or password, held in memory only: read at start, and again when the provider does not know it.

It stands in no setting, no state, no log and no timeline: those hold the ARN of what keeps it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

__all__ = ["Secret"]

#: Seconds between two readings: a key that is wrong for good must not cost each mail a call.
_APART = 60.0


class Secret:
    """`read` gets the value from where it is kept, and raises where it cannot; `clock` gives seconds."""

    def __init__(self, read: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._value = read().strip()
        self._read_at = clock()

    def __repr__(self) -> str:
        return "Secret(…)"

    @property
    def value(self) -> str:
        """The value as it was read last, without white space around it."""
        return self._value

    def reread(self) -> None:
        """Read it again, for the next mail: it may have been rotated. Never raises; at most once a minute."""
        if self._clock() - self._read_at < _APART:
            return
        self._read_at = self._clock()
        with contextlib.suppress(Exception):
            self._value = self._read().strip()

    def cut_from(self, text: str) -> str:
        """`text` without the value, should a provider repeat it."""
        return text.replace(self._value, "…") if self._value else text
