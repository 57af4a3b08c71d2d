"""An SQS queue that keeps what was put into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from function.queues.dead_letter import Letter

__all__ = ["FakeQueue"]


@dataclass(slots=True)
class FakeQueue:
    """The queue `dead`, or `retry`."""

    letters: list[Letter] = field(default_factory=list)

    def put(self, letter: Letter) -> None:
        self.letters.append(letter)

    def put_all(self, letters: Sequence[Letter]) -> dict[int, str]:
        self.letters += letters
        return {}

    @property
    def reasons(self) -> list[str]:
        return [letter.attributes["reason"] for letter in self.letters]
