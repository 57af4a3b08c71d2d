"""Computes how long a canary must last until enough real mails have tested it, from the rate of the last day.

On a laptop a day is shorter by its time scale.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from release.release_context import ReleaseContext
from release.strategy import WORDS, compute_minutes

__all__ = ["LONGEST", "Pace", "build_config", "choose_pace", "create_config", "find_rate"]

#: Minutes that a canary may last: few values, because each is a CodeDeploy configuration, whose number an account
#: limits. Bounded, because an operator waits for it, and GitHub's session for a release ends after four hours.
_INTERVALS = (5, 10, 15, 30, 60, 90, 120)
LONGEST = _INTERVALS[-1]
_DAY = 24 * 60
#: Adds 10 %: half the time, fewer mails come than on average.
_SPARE = 1.1
#: If fewer mails are expected in the longest interval, waiting for them proves nothing.
_WORTH_IT = 10
_BUILT_IN = {5: WORDS["canary"]} | {n: f"CodeDeployDefault.LambdaCanary10Percent{n}Minutes" for n in (10, 15, 30)}


@dataclass(frozen=True, slots=True)
class Pace:
    """A canary's part of the traffic in percent, the accepted mails a minute of the last day, how many mails of the
    canary must prove it, and the minutes in the group's own configuration."""

    percent: float
    rate: float
    at_least: int
    own: float

    @property
    def needed_minutes(self) -> float:
        """Minutes until `at_least` mails are expected; infinite without mails."""
        each_minute = self.rate * self.percent / 100
        return self.at_least / each_minute if each_minute else (0.0 if not self.at_least else math.inf)

    @property
    def interval(self) -> float:
        """The minutes that the canary should last: at most `LONGEST`, but never less than the group's own."""
        if self.rate * self.percent / 100 * LONGEST < min(_WORTH_IT, self.at_least):
            return self.own
        enough = (step for step in _INTERVALS if step >= self.needed_minutes * _SPARE)
        return max(self.own, next(enough, LONGEST))

    def describe(self, lasts: float) -> str:
        """In words, for a canary that lasts so many minutes."""
        if not self.rate:
            return f"no mail in the last day: only the hooks' mails prove it; the canary lasts {lasts:g} min"
        estimate = f"{self.percent:g} % of {_format_number(self.rate)} mails a minute: {self.at_least} will take "
        estimate += f"{_format_number(self.needed_minutes)} min; the canary lasts {lasts:g}"
        expected = self.rate * self.percent / 100 * lasts
        return estimate + ("" if lasts >= self.needed_minutes else f", so about {_format_number(expected)} prove it")


def choose_pace(context: ReleaseContext, routing: Mapping[str, Any], at_least: int) -> Pace | None:
    """The pace of a canary; None for another strategy, or if no real mails are required."""
    canary = routing.get("timeBasedCanary")
    if not canary or not at_least:
        return None
    return Pace(float(canary["canaryPercentage"]), find_rate(context), at_least, compute_minutes(routing))


def find_rate(context: ReleaseContext) -> float:
    """Mails a minute that providers accepted, averaged over the last day."""
    now = datetime.now(UTC)
    answer = context.cloudwatch.get_metric_statistics(
        Namespace="Herald",
        MetricName="Sent",
        Dimensions=[{"Name": "Service", "Value": context.names.notify}],
        StartTime=now - timedelta(minutes=_DAY * context.scale),
        EndTime=now,
        Period=60 if context.scale < 1 else 3600,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in answer.get("Datapoints", [])) / _DAY


def build_config(context: ReleaseContext, percent: float, lasts: float) -> tuple[str, dict[str, Any]]:
    """The name and routing of a configuration for this canary: CodeDeploy's own, or else one of Herald's."""
    routing = {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": int(percent), "canaryInterval": int(lasts)},
    }
    ours = f"{context.names.prefix}-canary-{percent:g}-percent-{lasts:g}-minutes"
    return _BUILT_IN.get(int(lasts), ours) if percent == 10 else ours, routing


def create_config(context: ReleaseContext, name: str, routing: Mapping[str, Any]) -> None:
    """Create a configuration of Herald's, unless there is one of this name."""
    if name in _BUILT_IN.values():
        return
    with contextlib.suppress(context.codedeploy.exceptions.DeploymentConfigAlreadyExistsException):
        wanted: Any = dict(routing)
        context.codedeploy.create_deployment_config(
            deploymentConfigName=name, computePlatform="Lambda", trafficRoutingConfig=wanted
        )


def _format_number(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"
