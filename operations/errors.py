"""Errors that are reported in one line without a traceback: a user's mistake, or a machine that is not set up."""

from __future__ import annotations

from operations.remedies import Remedy

__all__ = ["UsageError", "UserError"]


class UserError(Exception):
    """Says what happened, to what, and what to do next. Where an operator can do it, `remedy` names what."""

    def __init__(self, message: str, remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


class UsageError(UserError):
    """What was asked for is wrong in itself: an argument, or how two go together. Nothing was done."""
