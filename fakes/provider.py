"""A mail provider with memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fakes.clock import Clock
from function.errors import NotificationError
from function.message.email import Email, Receipt

__all__ = ["FakeProvider"]


@dataclass(slots=True)
class FakeProvider:
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
