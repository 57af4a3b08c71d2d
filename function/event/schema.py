"""The compiled JSON Schemas: what the generated validators raise, and how it becomes a reason to reject an event."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from function.errors import InvalidEvent
from function.runtime.lean_dataclass import dataclass

__all__ = ["Contract", "ViolationError", "pointer"]


class ViolationError(ValueError):
    """A value breaks its schema: `name` is its path, such as `data.book.url`; `rule` is the schema's keyword.

    The value itself is not kept: it may be personal.
    """

    def __init__(self, message: str, *, name: str, rule: str, **_: object) -> None:
        super().__init__(message)
        self.name = name
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Contract:
    """One JSON Schema, compiled: `check` raises `ViolationError`; `descriptions` says what each value must be."""

    check: Callable[..., object]
    descriptions: Mapping[str, str]

    def validate(self, value: object, name: str, base: str = "") -> None:
        """Raise `InvalidEvent` for the first violation in `value`; its pointer starts with `base`. The reason
        never repeats the value: it may be personal."""
        try:
            self.check(value, name_prefix=name)
        except ViolationError as violation:
            at = pointer(violation.name)
            what = self.descriptions.get(at)
            wrong = what if violation.rule != "required" else None
            reason = f"{violation.name} must be {wrong}" if wrong else str(violation)
            raise InvalidEvent(reason, base + at) from violation


def pointer(name: str) -> str:
    """The JSON Pointer of a path with dots, below its first part: `data.book.url` is `/book/url`."""
    return "".join(f"/{part}" for part in re.split(r"[.\[\]]+", name)[1:] if part)
