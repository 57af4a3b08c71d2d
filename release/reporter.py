"""Where a release reports what it has done."""

from __future__ import annotations

from typing import Protocol

__all__ = ["ProgressReporter"]


class ProgressReporter(Protocol):
    """Takes one line for each step."""

    def say(self, line: str) -> None:
        """One step that is done."""
