"""The releases of the rehearsal, one after the other, and what each promised."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from laptop.rehearsal.faults import ReleaseFault, variant
from operations.errors import UserError
from release.deployments import Deployment
from release.progress.display import Lines
from release.progress.follow import follow
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Snapshot
from release.release import finish, plan, start
from release.stack import Stack

__all__ = ["SCENARIOS", "ReleaseScenario", "ScenarioResult", "run_scenario"]

#: CodeDeploy's codes in a word.
_CAUSES = {"ALARM_ACTIVE": "alarm", "HOOK_EXECUTION_FAILURE": "hook"}


@dataclass(frozen=True, slots=True)
class ReleaseScenario:
    """One release: what is wrong with it, and how it has to end. `error` is CodeDeploy's code for that end.

    `minutes` of AWS is how long its canary takes at the most.
    """

    fault: ReleaseFault
    title: str
    outcome: ReleaseOutcome
    error: str = ""
    sees_traffic: bool = True
    minutes: int = 10


#: An alarm ends this canary, however slow the machine is; on a quiet one within seconds.
_UNTIL_THE_ALARM = 500
SCENARIOS = (
    ReleaseScenario(ReleaseFault.NONE, "a good one", ReleaseOutcome.RELEASED),
    ReleaseScenario(
        ReleaseFault.THROWS,
        "one that crashes in 1 of 3 mails",
        ReleaseOutcome.ROLLED_BACK,
        "ALARM_ACTIVE",
        minutes=_UNTIL_THE_ALARM,
    ),
    ReleaseScenario(
        ReleaseFault.DOES_NOT_START,
        "one that its hook refuses",
        ReleaseOutcome.ROLLED_BACK,
        "HOOK_EXECUTION_FAILURE",
        sees_traffic=False,
    ),
)


@dataclass(slots=True)
class ScenarioResult:
    """What became of a scenario. `most` is the largest part of the traffic that its version got, in percent."""

    scenario: ReleaseScenario
    release: str
    version: str = "?"
    outcome: ReleaseOutcome | None = None
    error: tuple[str, str] | None = None
    most: float = 0.0
    rang: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def ended(self) -> str:
        """How it ended, and by what, in few words."""
        word = self.outcome.word if self.outcome else "refused"
        return f"{word}: {_CAUSES.get(self.error[0], self.error[0])}" if self.error else word

    def violations(self) -> Iterator[str]:
        """What it promised and did not keep."""
        if self.outcome is not self.scenario.outcome:
            ended = self.outcome.word if self.outcome else "not at all"
            yield f"{self.release} should have been {self.scenario.outcome.word}, and ended {ended}"
        if (self.error[0] if self.error else "") != self.scenario.error:
            yield f"{self.release} should have ended by {self.scenario.error or 'no error'}, and did by {self.error}"
        if self.scenario.sees_traffic != (self.most > 0):
            yield f"{self.release} got {self.most:g} % of the traffic"

    def record(self, snapshot: Snapshot) -> None:
        """Note what a snapshot shows."""
        deployment: Deployment = snapshot.deployment
        self.version, self.error = deployment.target, deployment.error
        self.most = max(self.most, snapshot.traffic.get(deployment.target, 0.0))
        self.rang |= {name for name, state in snapshot.alarms.items() if state == "ALARM"}


class _Recorder(Lines):
    """A screen that lets a scenario see every look, too."""

    def __init__(self, console: Console, result: ScenarioResult) -> None:
        super().__init__(console)
        self._result = result

    def show(self, snapshot: Snapshot) -> None:
        self._result.record(snapshot)
        super().show(snapshot)


def _create_config(stack: Stack, percent: int, minutes: int) -> str:
    """A canary of the rehearsal's own: more of the traffic where there is little of it."""
    name = f"{stack.names.prefix}-rehearsal-{percent}-percent-{minutes}-minutes"
    codedeploy = stack.codedeploy
    with contextlib.suppress(codedeploy.exceptions.DeploymentConfigAlreadyExistsException):
        codedeploy.create_deployment_config(
            deploymentConfigName=name,
            computePlatform="Lambda",
            trafficRoutingConfig={
                "type": "TimeBasedCanary",
                "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes},
            },
        )
    return name


def run_scenario(
    stack: Stack, scenario: ReleaseScenario, package: Path, folder: Path, percent: int, console: Console
) -> ScenarioResult:
    """Release one, as `make release` does, by a canary that gets so many percent of the traffic."""
    artifact = variant(package, scenario.fault, folder)
    result = ScenarioResult(scenario, artifact.release)
    began = time.monotonic()
    release_plan = plan(stack, artifact, _create_config(stack, percent, scenario.minutes))
    screen = _Recorder(console, result)
    try:
        result.outcome = follow(start(stack, release_plan, screen), screen, lambda: None)
    except UserError as problem:
        screen.say(f"refused: {problem}")
    if result.outcome:
        finish(stack, release_plan, result.outcome, screen)
    result.seconds = time.monotonic() - began
    return result
