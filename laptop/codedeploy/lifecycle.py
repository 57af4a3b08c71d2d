"""The events of a deployment's lifecycle, two of which are hooks that a function answers.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_LifecycleEvent.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

__all__ = ["Event", "EventStatus", "Verdict"]

EventStatus = Literal["Pending", "InProgress", "Succeeded", "Failed", "Skipped"]
Verdict = Literal["Succeeded", "Failed"]


@dataclass(slots=True)
class Event:
    """One event. `execution` names the one execution of its hook, `verdict` is what the hook said of it."""

    name: str
    status: EventStatus = "Pending"
    started: float | None = None
    ended: float | None = None
    hook: str | None = None
    execution: str = field(default_factory=lambda: str(uuid4()))
    verdict: Verdict | None = None
    diagnostics: dict[str, str] | None = None

    def begin(self, now: float) -> None:
        """It is under way."""
        self.status, self.started = "InProgress", now

    def end(self, status: EventStatus, now: float) -> None:
        """It is over."""
        self.status, self.ended = status, now

    def blame(self, code: str, message: str) -> None:
        """Say what was wrong with its hook, by one of the service model's codes."""
        self.diagnostics = {"errorCode": code, "scriptName": str(self.hook), "message": message}

    def moments(self) -> Iterator[float]:
        """When anything happened to it."""
        yield from (moment for moment in (self.started, self.ended) if moment is not None)

    def described(self) -> dict[str, Any]:
        """`LifecycleEvent`."""
        known = {"startTime": self.started, "endTime": self.ended, "diagnostics": self.diagnostics}
        return {
            "lifecycleEventName": self.name,
            "status": self.status,
            **{name: value for name, value in known.items() if value is not None},
        }
