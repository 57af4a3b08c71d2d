"""The releases of the rehearsal, one after the other, and how each has to end."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from laptop.rehearsal.faults import ReleaseFault, make_variant
from operations.errors import UserError
from release.analysis.traffic import Observer
from release.deployments import Deployment
from release.follow import follow
from release.progress.display import Lines
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Snapshot
from release.progress.promotion_policy import Inconclusive, PromotionPolicy
from release.release import finish, plan, start
from release.release_context import ReleaseContext

__all__ = ["SCENARIOS", "ReleaseScenario", "ScenarioResult", "run_scenario"]

#: CodeDeploy's error codes, each in one word.
_CAUSES = {"ALARM_ACTIVE": "alarm", "HOOK_EXECUTION_FAILURE": "hook", "MANUAL_STOP": "figures"}


@dataclass(frozen=True, slots=True)
class ReleaseScenario:
    """One release: its fault, and how it has to end. `errors` are the CodeDeploy codes that may be the reason.

    `minutes` (of AWS) is the maximum length of its canary. `loaded` says that mails are sent meanwhile, `meets_all`
    that every mail of the release has the fault. `at_least` is the number of mails needed for a verdict; 0 means any.
    """

    fault: ReleaseFault
    title: str
    outcome: ReleaseOutcome
    errors: tuple[str, ...] = ()
    sees_traffic: bool = True
    minutes: int = 10
    loaded: bool = True
    meets_all: bool = False
    at_least: int = 0


#: An alarm or the comparison ends such a canary, however slow the machine; on an idle one within seconds.
_UNTIL_SEEN = 1_000
SCENARIOS = (
    ReleaseScenario(ReleaseFault.NONE, "a good one", ReleaseOutcome.RELEASED),
    ReleaseScenario(
        ReleaseFault.THROWS,
        "one that crashes in 1 of 3 mails",
        ReleaseOutcome.ROLLED_BACK,
        ("ALARM_ACTIVE", "MANUAL_STOP"),  # whichever is first: the alarm, or the comparison of the errors
        minutes=_UNTIL_SEEN,
    ),
    ReleaseScenario(
        ReleaseFault.DOES_NOT_START,
        "one that its hook refuses",
        ReleaseOutcome.ROLLED_BACK,
        ("HOOK_EXECUTION_FAILURE",),
        sees_traffic=False,
        loaded=False,
    ),
    ReleaseScenario(
        ReleaseFault.BAD_FEEDBACK,
        "one whose feedback raises",
        ReleaseOutcome.ROLLED_BACK,
        ("HOOK_EXECUTION_FAILURE",),
        sees_traffic=False,
        loaded=False,
    ),
    ReleaseScenario(
        ReleaseFault.ONE_LANGUAGE,
        "one that fails one notification in one language",
        ReleaseOutcome.ROLLED_BACK,
        ("HOOK_EXECUTION_FAILURE",),
        sees_traffic=False,
        loaded=False,
    ),
    ReleaseScenario(
        ReleaseFault.SLOW,
        "one that is only slower",
        ReleaseOutcome.ROLLED_BACK,
        ("MANUAL_STOP",),
        minutes=_UNTIL_SEEN,
        meets_all=True,
    ),
    ReleaseScenario(
        ReleaseFault.WRONG,
        "one that is wrong for 5 % of its mails",
        ReleaseOutcome.ROLLED_BACK,
        ("MANUAL_STOP",),
        minutes=_UNTIL_SEEN,
    ),
    ReleaseScenario(
        ReleaseFault.NO_TRAFFIC,
        "a good one without traffic",
        ReleaseOutcome.INCONCLUSIVE,
        loaded=False,
        at_least=100,
    ),
)


@dataclass(slots=True)
class ScenarioResult:
    """The result of a scenario.

    `most` is the largest share of the traffic, in percent, that its version got; `shared` is when it first got a share,
    and `seen` when its deployment was first known to fail, both on the monotonic clock; `met` is the number of readers
    affected by the fault.
    """

    scenario: ReleaseScenario
    release: str
    version: str = "?"
    outcome: ReleaseOutcome | None = None
    error: tuple[str, str] | None = None
    most: float = 0.0
    rang: set[str] = field(default_factory=set)
    shared: float | None = None
    seen: float | None = None
    met: int = 0

    @property
    def soon(self) -> str:
        """How soon the fault was detected after the version got its first share of the traffic."""
        if self.seen is None:
            return ""
        return "before" if self.shared is None else f"{self.seen - self.shared:.0f} s"

    @property
    def ended(self) -> str:
        """The outcome and its cause, in a few words."""
        word = self.outcome.word if self.outcome else "refused"
        return f"{word}: {_CAUSES.get(self.error[0], self.error[0])}" if self.error else word

    def violations(self) -> Iterator[str]:
        """Yield a sentence for each expectation that was not met."""
        if self.outcome is not self.scenario.outcome:
            ended = self.outcome.word if self.outcome else "not at all"
            yield f"{self.release} should have been {self.scenario.outcome.word}, and ended {ended}"
        if (self.error is None) is bool(self.scenario.errors) or (
            self.error and self.error[0] not in self.scenario.errors
        ):
            expected = " or ".join(self.scenario.errors) or "no error"
            yield f"{self.release} should have ended by {expected}, and did by {self.error}"
        if self.scenario.sees_traffic != (self.most > 0):
            yield f"{self.release} got {self.most:g} % of the traffic"

    def record(self, snapshot: Snapshot) -> None:
        """Update the result from a snapshot."""
        deployment: Deployment = snapshot.deployment
        self.version, self.error = deployment.target, deployment.error
        self.most = max(self.most, snapshot.traffic.get(deployment.target, 0.0))
        if self.most and self.shared is None:
            self.shared = time.monotonic()
        if self.seen is None and (deployment.error or (snapshot.comparison and snapshot.comparison.worse)):
            self.seen = time.monotonic()
        self.rang |= {name for name, state in snapshot.alarms.items() if state == "ALARM"}


class _RecordingScreen(Lines):
    """A screen that also passes every snapshot to the result."""

    def __init__(self, console: Console, result: ScenarioResult) -> None:
        super().__init__(console)
        self._result = result

    def show(self, snapshot: Snapshot) -> None:
        self._result.record(snapshot)
        super().show(snapshot)


def _create_config(context: ReleaseContext, percent: int, minutes: int) -> str:
    """Create a canary configuration of the rehearsal's own, with a larger share because there is little traffic.
    Returns its name.
    """
    name = f"{context.names.prefix}-rehearsal-{percent}-percent-{minutes}-minutes"
    codedeploy = context.codedeploy
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
    context: ReleaseContext, scenario: ReleaseScenario, package: Path, folder: Path, percent: int, console: Console
) -> ScenarioResult:
    """Release a scenario's version as `make release` does, with a canary of `percent` of the traffic."""
    artifact, began = make_variant(package, scenario.fault, folder), datetime.now(UTC)
    result = ScenarioResult(scenario, artifact.release)
    release_plan = plan(context, artifact, _create_config(context, percent, scenario.minutes))
    screen, policy = _RecordingScreen(console, result), PromotionPolicy(scenario.at_least, Inconclusive.HOLD)
    try:
        result.outcome = follow(start(context, release_plan, screen), screen, lambda: None, policy)
    except UserError as problem:
        screen.say(f"refused: {problem}")
    if result.outcome:
        finish(context, release_plan, result.outcome, screen)
    result.met = _count_readers(context, result, began) if result.shared else 0
    return result


def _count_readers(context: ReleaseContext, result: ScenarioResult, since: datetime) -> int:
    """Return how many mails of a version were affected by its fault."""
    figures = Observer(context, (result.version,), since).look()[result.version]
    return figures.mails if result.scenario.meets_all else figures.errors + figures.unknown + figures.letters
