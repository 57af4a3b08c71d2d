"""Errors that are reported in one line without a traceback: a user's mistake, or a machine that is not set up."""

from __future__ import annotations

from operations.remedies import Remedy

__all__ = ["UserError"]


class UserError(Exception):
    """Says what happened, to what, and what to do next; the command exits with `code`.

    Where an operator can do it, `remedy` names what.
    """

    def __init__(self, message: str, code: int = 1, remedy: Remedy | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
