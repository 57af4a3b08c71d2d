"""What the validators raise that are generated when the package is built."""

from __future__ import annotations

import re

__all__ = ["ViolationError", "pointer"]


class ViolationError(ValueError):
    """A value breaks its schema: `name` is its path, such as `data.book.url`; `rule` is the schema's keyword.

    The value itself is not kept: it may be personal.
    """

    def __init__(self, message: str, *, name: str, rule: str, **_: object) -> None:
        super().__init__(message)
        self.name = name
        self.rule = rule


def pointer(name: str) -> str:
    """The JSON Pointer of a path with dots, below its first part: `data.book.url` is `/book/url`."""
    return "".join(f"/{part}" for part in re.split(r"[.\[\]]+", name)[1:] if part)
