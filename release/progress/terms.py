"""What a release must pass beyond CodeDeploy's rules: enough real mails, an operator's yes, an hour without an
alarm."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from botocore.exceptions import ConnectionError as Unconnected
from botocore.exceptions import HTTPClientError

from release.progress.display import DeploymentScreen
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller, Snapshot

__all__ = ["Gate", "Inconclusive", "Prompt", "Terms", "bake"]


class Inconclusive(StrEnum):
    """What follows if too few real mails have proved a release."""

    ACCEPT = "accept"
    HOLD = "hold"
    BACK = "back"


class Prompt(Protocol):
    """A question to a person, who may answer while the deployment is watched on."""

    def ask(self, text: str) -> None:
        """Put it."""

    def answer(self) -> bool | None:
        """Yes or no; None without an answer so far."""


@dataclass(slots=True)
class Gate:
    """A canary that continues only after an operator's yes; without one before more traffic moves, it is rolled back.

    CodeDeploy knows no such gate for Lambda, so the command that watches stops the deployment in time.
    """

    question: Prompt
    _asked: bool = False
    _answer: bool | None = None

    @property
    def passed(self) -> bool:
        """Whether a person said yes."""
        return bool(self._answer)

    def refusal(self, poller: Poller, look: Snapshot) -> str:
        """Why the deployment must be stopped now; empty while it may go on."""
        deployment = look.deployment
        if self.passed or deployment.ended or deployment.shifts_since is None or deployment.target not in look.traffic:
            return ""
        margin = max(4 * poller.stack.pause, 30 * poller.stack.scale)
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
        """Whether a person agrees once all traffic has moved; asks only if the question was not put before."""
        until = time.monotonic() + seconds
        if not self._asked and poller.last:
            self._asked = True
            self.question.ask(f"Version {poller.last.target} has all traffic. Let it keep it?")
            while (answer := self.question.answer()) is None and time.monotonic() < until:
                time.sleep(poller.stack.pause)
            self._answer = answer
        return self.passed


@dataclass(frozen=True, slots=True)
class Terms:
    """How many real mails shall prove a release, and what follows with fewer; seconds to bake; a gate, if any; what is
    done when it has been settled, before its outcome is shown; and alarms that it is to mend, which may ring on."""

    at_least: int = 0
    inconclusive: Inconclusive = Inconclusive.ACCEPT
    bake: float = 0.0
    gate: Gate | None = None
    then: Callable[[ReleaseOutcome], None] = lambda _: None
    mends: tuple[str, ...] = ()


def bake(poller: Poller, screen: DeploymentScreen, ask: Callable[[], bool | None], terms: Terms) -> ReleaseOutcome:
    """Watch a version that has all traffic until it has baked: released, rolled back if it must be, since an alarm
    rings, stopped if a person or somebody else's deployment does not want it, left if nobody keeps watching.

    Nothing is moved here. An alarm that the version is to mend counts from when it has been quiet. CodeDeploy may
    leave out when a deployment was complete: then the bake begins now.
    """
    deployment = poller.last
    if deployment is None:
        return ReleaseOutcome.RELEASED
    began = deployment.completed.timestamp() if deployment.completed else time.time()
    version, ends = deployment.target, began + terms.bake
    if time.time() >= ends:
        return ReleaseOutcome.RELEASED
    minutes = (ends - time.time()) / 60 / poller.stack.scale
    screen.say(f"version {version} has all traffic and bakes: its alarms are watched for {minutes:.0f} min more")
    poller.watched = [*poller.watched, *(one for one in terms.mends if one not in poller.watched)]
    ringing_on = set(terms.mends)
    while True:
        try:
            with screen:
                return _watch_bake(poller, screen, version, ends, ringing_on)
        except KeyboardInterrupt:
            answer = ask()
        except (Unconnected, HTTPClientError) as problem:
            screen.say(f"AWS is out of reach: {problem}; looking again")
            time.sleep(poller.stack.pause)
            continue
        if answer is None:
            screen.say(f"version {version} has all traffic, and no alarm takes it back any more: herald rollback does")
            return ReleaseOutcome.LEFT
        if answer:
            return ReleaseOutcome.STOPPED


def _watch_bake(
    poller: Poller, screen: DeploymentScreen, version: str, ends: float, ringing_on: set[str]
) -> ReleaseOutcome:
    """`ringing_on` are alarms that have rung since before the version was live, from which those go that are quiet."""
    while (left := ends - time.time()) > 0:
        look = poller.look()
        screen.show(replace(look, left=left, until="the bake is over"))
        ringing_on &= {name for name, state in look.alarms.items() if state != "OK"}
        if (found := _end_of_bake(look, version, screen, ringing_on)) is not None:
            return found
        time.sleep(min(poller.stack.pause, max(0.0, left)))
    still = ", ".join(sorted(ringing_on))
    screen.say(f"{still} rang on while it baked: it did not mend that" if still else "no alarm rang while it baked")
    return ReleaseOutcome.RELEASED


def _end_of_bake(look: Snapshot, version: str, screen: DeploymentScreen, ringing_on: set[str]) -> ReleaseOutcome | None:
    if version not in look.traffic or len(look.traffic) > 1:
        screen.say(f"something else moves the traffic from version {version}: its bake is over")
        return ReleaseOutcome.STOPPED
    ringing = sorted(name for name, state in look.alarms.items() if state == "ALARM" and name not in ringing_on)
    if ringing:
        screen.say(f"{', '.join(ringing)} rings while version {version} bakes")
        return ReleaseOutcome.ROLLED_BACK
    return None
