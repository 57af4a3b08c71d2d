"""The releases of the rehearsal, one after the other, and what each promised."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from laptop.rehearsal.faults import Fault, variant
from operations.errors import UserError
from release.deployments import Deployment
from release.display import Lines
from release.outcome import Outcome
from release.poller import Snapshot
from release.progress import follow
from release.release import clean, plan, start
from release.stack import Stack

__all__ = ["ACTS", "Act", "Played", "config", "play"]

#: The canary's time in AWS's minutes.
_MINUTES = 10
#: CodeDeploy's codes in a word.
_CAUSES = {"ALARM_ACTIVE": "alarm", "HOOK_EXECUTION_FAILURE": "hook"}


@dataclass(frozen=True, slots=True)
class Act:
    """One release: what is wrong with it, and how it has to end. `error` is CodeDeploy's code for that end."""

    fault: Fault
    says: str
    outcome: Outcome
    error: str = ""
    sees_traffic: bool = True


ACTS = (
    Act(Fault.NONE, "a good one", Outcome.RELEASED),
    Act(Fault.THROWS, "one that crashes in 1 of 3 mails", Outcome.ROLLED_BACK, "ALARM_ACTIVE"),
    Act(
        Fault.DOES_NOT_START,
        "one that its hook refuses",
        Outcome.ROLLED_BACK,
        "HOOK_EXECUTION_FAILURE",
        sees_traffic=False,
    ),
)


@dataclass(slots=True)
class Played:
    """What became of an act. `most` is the largest part of the traffic that its version got, in percent."""

    act: Act
    release: str
    version: str = "?"
    outcome: Outcome | None = None
    error: tuple[str, str] | None = None
    most: float = 0.0
    rang: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def ended(self) -> str:
        """How it ended, and by what, in few words."""
        word = self.outcome.word if self.outcome else "refused"
        return f"{word}: {_CAUSES.get(self.error[0], self.error[0])}" if self.error else word

    def broken(self) -> Iterator[str]:
        """What it promised and did not keep."""
        if self.outcome is not self.act.outcome:
            ended = self.outcome.word if self.outcome else "not at all"
            yield f"{self.release} should have been {self.act.outcome.word}, and ended {ended}"
        if (self.error[0] if self.error else "") != self.act.error:
            yield f"{self.release} should have ended by {self.act.error or 'no error'}, and did by {self.error}"
        if self.act.sees_traffic != (self.most > 0):
            yield f"{self.release} got {self.most:g} % of the traffic"

    def saw(self, snapshot: Snapshot) -> None:
        """Keep what a look tells."""
        deployment: Deployment = snapshot.deployment
        self.version, self.error = deployment.target, deployment.error
        self.most = max(self.most, snapshot.traffic.get(deployment.target, 0.0))
        self.rang |= {name for name, state in snapshot.alarms.items() if state == "ALARM"}


class _Recorder(Lines):
    """A screen that lets an act see every look, too."""

    def __init__(self, console: Console, played: Played) -> None:
        super().__init__(console)
        self._played = played

    def show(self, snapshot: Snapshot) -> None:
        self._played.saw(snapshot)
        super().show(snapshot)


def config(stack: Stack, percent: int) -> str:
    """A canary of the rehearsal's own: more of the traffic where there is little of it."""
    name = f"{stack.names.prefix}-rehearsal-{percent}-percent"
    codedeploy = stack.codedeploy
    with contextlib.suppress(codedeploy.exceptions.DeploymentConfigAlreadyExistsException):
        codedeploy.create_deployment_config(
            deploymentConfigName=name,
            computePlatform="Lambda",
            trafficRoutingConfig={
                "type": "TimeBasedCanary",
                "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": _MINUTES},
            },
        )
    return name


def play(stack: Stack, act: Act, package: Path, folder: Path, strategy: str, console: Console) -> Played:
    """Release one, as `make release` does."""
    artifact = variant(package, act.fault, folder)
    played = Played(act, artifact.release)
    began = time.monotonic()
    chosen = plan(stack, artifact, strategy)
    screen = _Recorder(console, played)
    try:
        played.outcome = follow(start(stack, chosen, screen), screen, lambda: None)
    except UserError as problem:
        screen.say(f"refused: {problem}")
    if played.outcome is Outcome.RELEASED:
        clean(stack, chosen.live.version, screen)
    played.seconds = time.monotonic() - began
    return played
