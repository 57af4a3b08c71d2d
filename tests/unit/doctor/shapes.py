"""The shape of what was recorded: which members an answer has, and of which types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from doctor.recording import RecordedCall

__all__ = ["RECORDED", "Shape", "shapes_of"]

#: Answers of a laptop cloud, until somebody records those of an account: `herald doctor --record FILE`.
RECORDED = Path(__file__).with_name("recorded.json")


@dataclass(slots=True)
class Shape:
    """The types that stand at a place, and the members below it; elements of a list are one place."""

    types: set[str] = field(default_factory=set)
    members: dict[str, Shape] = field(default_factory=dict)

    def add(self, value: Any) -> Self:
        """Take one more value into the shape."""
        self.types.add(type(value).__name__)
        inner = (
            value.items()
            if isinstance(value, dict)
            else [("[]", one) for one in value]
            if isinstance(value, list)
            else ()
        )
        for name, one in inner:
            self.members.setdefault(name, Shape()).add(one)
        return self

    def require(self, other: Shape, where: str) -> None:
        """Fail if the other has a member or a type that this has not: it would answer what was never recorded."""
        assert other.types <= self.types, f"{where} is {other.types}, recorded {self.types}"
        for name, member in other.members.items():
            assert name in self.members, f"{where}.{name} was never recorded"
            self.members[name].require(member, f"{where}.{name}")


def shapes_of(calls: Iterable[RecordedCall]) -> dict[str, Shape]:
    """The shape of all answers, and that of all errors, of each operation."""
    found: dict[str, Shape] = {}
    for call in calls:
        kind, came = ("answer", call.answer or {}) if call.error is None else ("error", call.error)
        found.setdefault(f"{kind} of {call.service} {call.operation}", Shape()).add(dict(came))
    return found
