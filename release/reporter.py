"""The interface by which a release reports its progress."""

from __future__ import annotations

from typing import Protocol

__all__ = ["ProgressReporter"]


class ProgressReporter(Protocol):
    """Takes one line for each step."""

    def say(self, line: str) -> None:
        """Report one finished step."""
