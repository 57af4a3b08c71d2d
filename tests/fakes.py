"""Stand-ins with memory for what stands outside the function: a clock, a post office, and the queue of dead letters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from function.errors import NotificationError
from function.message.email import Email, Receipt
from function.queues.dead_letter import Letter

EXAMPLES = Path(__file__).parent.parent / "function" / "notifications"
NOW = 1_795_248_000_000
SECRET = b"a-key-for-hashes-of-32-bytes-or-more"


@dataclass(slots=True)
class Clock:
    """Epoch milliseconds that only move when a test says so."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += int(seconds * 1000)


@dataclass(slots=True)
class Post:
    """A provider that keeps what it took. `answers` are used up one a call: an error to raise, or a callable to run
    after the mail was taken; an empty list accepts."""

    clock: Clock
    url: str = "ses://us-east-1"
    timeout: float = 12.0
    answers: list[Any] = field(default_factory=list)
    taken: list[tuple[str, Email]] = field(default_factory=list)
    calls: int = 0
    probes: int = 0

    def probe(self) -> None:
        self.probes += 1

    def send(self, email: Email, key: str) -> Receipt:
        self.calls += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, NotificationError):
            raise answer
        self.taken.append((key, email))
        if callable(answer):
            answer()
        return Receipt(self.url, f"mail-{len(self.taken)}")

    def accept_then(self, error: BaseException) -> None:
        """The next mail is taken, and its answer lost."""

        def lose() -> None:
            raise error

        self.answers.append(lose)


@dataclass(slots=True)
class Dead:
    """The queue `dead`."""

    letters: list[Letter] = field(default_factory=list)

    def put(self, letter: Letter) -> None:
        self.letters.append(letter)

    def put_all(self, letters: Sequence[Letter]) -> dict[int, str]:
        self.letters += letters
        return {}

    @property
    def reasons(self) -> list[str]:
        return [letter.attributes["reason"] for letter in self.letters]


def example(name: str = "typical", type_: str = "book.created") -> dict[str, Any]:
    """The data of one of a notification's own examples."""
    value: dict[str, Any] = json.loads((EXAMPLES / type_ / "examples" / f"{name}.json").read_text())
    return value


def event(event_id: str = "01JD6Q1M4X9Z8T7V5R3N2K0B4C", type_: str = "book.created", **changes: Any) -> dict[str, Any]:
    """A valid event; `changes` replace its attributes."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "urn:herald:webapp",
        "type": type_,
        "time": "2026-11-21T08:00:00Z",
        "subject": "books/01JD6Q1M4X9Z8T7V5R3N2K0B4C",
        "datacontenttype": "application/json",
        "data": example(),
    } | changes
