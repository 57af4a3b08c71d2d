"""A clock that only a test or a measurement moves."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NOW", "Clock"]

NOW = 1_795_248_000_000


@dataclass(slots=True)
class Clock:
    """Epoch milliseconds that only move when a test says so."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += int(seconds * 1000)
