"""What a release must pass beyond CodeDeploy's rules before it keeps all traffic: enough real mails, an operator's
approval, a bake without an alarm (`bake.py`)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller, Snapshot

__all__ = ["ApprovalGate", "Inconclusive", "PromotionPolicy", "Prompt"]


class Inconclusive(StrEnum):
    """What to do if too few real mails have proved a release."""

    ACCEPT = "accept"
    HOLD = "hold"
    BACK = "back"


class Prompt(Protocol):
    """A question to an operator, who may answer while the deployment is watched."""

    def ask(self, text: str) -> None:
        """Ask the question."""

    def answer(self) -> bool | None:
        """Yes or no; None without an answer so far."""


@dataclass(slots=True)
class ApprovalGate:
    """A canary that continues only after an operator's yes; without one before more traffic moves, it is rolled back.

    CodeDeploy knows no such gate for Lambda, so the command that watches stops the deployment in time.
    """

    question: Prompt
    _asked: bool = False
    _answer: bool | None = None

    @property
    def passed(self) -> bool:
        """Whether the operator said yes."""
        return bool(self._answer)

    def refusal(self, poller: Poller, look: Snapshot) -> str:
        """Why the deployment must be stopped now; empty while it may go on."""
        deployment = look.deployment
        if (
            self.passed
            or deployment.has_ended
            or deployment.shifts_since is None
            or deployment.target not in look.traffic
        ):
            return ""
        margin = max(4 * poller.context.pause, 30 * poller.context.scale)
        left = deployment.shifts_since.timestamp() + poller.step - margin - time.time()
        if not self._asked:
            self._asked = True
            within = f"Without a yes within {max(0, left):.0f} s it goes back"
            self.question.ask(f"Let version {deployment.target} go on? {within}")
        self._answer = self.question.answer()
        if self._answer is False:
            return "somebody said no"
        late = left <= 0 or deployment.current not in look.traffic
        return "nobody said yes in time" if late and not self.passed else ""

    def waits_for_yes(self, poller: Poller, seconds: float) -> bool:
        """Whether the operator agrees once all traffic has moved; asks only if it has not asked before."""
        until = time.monotonic() + seconds
        if not self._asked and poller.last:
            self._asked = True
            self.question.ask(f"Version {poller.last.target} has all traffic. Let it keep it?")
            while (answer := self.question.answer()) is None and time.monotonic() < until:
                time.sleep(poller.context.pause)
            self._answer = answer
        return self.passed


@dataclass(frozen=True, slots=True)
class PromotionPolicy:
    """How many real mails must prove a release, and what to do with fewer; seconds to bake; a gate, if any; a callback
    for the settled outcome, before it is shown; and alarms that the release is to fix, which may keep ringing."""

    at_least: int = 0
    inconclusive: Inconclusive = Inconclusive.ACCEPT
    bake_seconds: float = 0.0
    gate: ApprovalGate | None = None
    on_settled: Callable[[ReleaseOutcome], None] = lambda _: None
    alarms_to_fix: tuple[str, ...] = ()
