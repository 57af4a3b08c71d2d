"""A provider's key or password, kept in memory only: read at start, and again when the provider rejects it.

It is never written to settings, Terraform state, logs or timelines, which contain only its ARN.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

__all__ = ["Secret"]

#: Seconds between two reads: a key that is permanently wrong must not cost each mail a call.
_APART = 60.0


class Secret:
    """A secret that can be read again. `read` returns its value or raises; `clock` returns seconds."""

    def __init__(self, read: Callable[[], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._value = read().strip()
        self._read_at = clock()

    def __repr__(self) -> str:
        return "Secret(…)"

    @property
    def value(self) -> str:
        """The value as last read, without surrounding white space."""
        return self._value

    def reread(self) -> None:
        """Read the secret again, for the next mail, as it may have been rotated. Never raises; at most once a
        minute."""
        if self._clock() - self._read_at < _APART:
            return
        self._read_at = self._clock()
        with contextlib.suppress(Exception):
            self._value = self._read().strip()

    def cut_from(self, text: str) -> str:
        """Remove the value from `text`, in case a provider repeats it."""
        return text.replace(self._value, "…") if self._value else text
