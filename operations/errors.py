"""What a person's mistake, or a broken machine, looks like: one line, no traceback."""

from __future__ import annotations

__all__ = ["UserError"]


class UserError(Exception):
    """Says what happened, to what, and what to do next; the command ends with exit code `code`."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code
