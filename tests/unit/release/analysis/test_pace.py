"""How long a canary lasts: from the mails of the last day, bounded, and said beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from laptop.model_validation import hold_to_model, request_violations
from release.analysis.pace import LONGEST, Pace, build_config, choose_pace, create_config, find_rate
from release.release_context import Names, ReleaseContext

CANARY = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 5}}


@dataclass
class Metrics:
    """CloudWatch, to which so many mails of the last day are known."""

    mails: int

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        assert not request_violations("cloudwatch", "GetMetricStatistics", request)
        assert (request["Namespace"], request["MetricName"]) == ("Herald", "Sent")
        assert request["Dimensions"] == [{"Name": "Service", "Value": "herald-notify"}]
        assert request["EndTime"] - request["StartTime"] == timedelta(days=1)
        points = [{"Timestamp": datetime.now(UTC), "Sum": float(self.mails - 5)}, {"Sum": 5.0}] if self.mails else []
        return hold_to_model("cloudwatch", "GetMetricStatistics", {"Datapoints": points})


class Taken(Exception):
    """There is one by this name."""


@dataclass
class Configs:
    """CodeDeploy's configurations by their names."""

    made: dict[str, Any]
    exceptions = SimpleNamespace(DeploymentConfigAlreadyExistsException=Taken)

    def create_deployment_config(self, **request: Any) -> None:
        assert not request_violations("codedeploy", "CreateDeploymentConfig", request)
        if request["deploymentConfigName"] in self.made:
            raise Taken
        self.made[request["deploymentConfigName"]] = request["trafficRoutingConfig"]


def context(mails: int = 0, configs: Configs | None = None) -> ReleaseContext:
    nothing, clients = cast("Any", None), cast("Any", Metrics(mails))
    return ReleaseContext(nothing, cast("Any", configs), clients, Names(), "1", "eu-west-1")


def test_the_rate_is_that_of_a_day() -> None:
    assert find_rate(context(14 * 1440)) == 14
    assert find_rate(context()) == 0


def test_it_is_said_beforehand_how_long_it_takes() -> None:
    pace = choose_pace(context(14 * 1440), CANARY, 100)
    assert pace is not None
    assert pace.interval == 90
    assert pace.describe(90) == "10 % of 14 mails a minute: 100 will take 71 min; the canary lasts 90"
    assert pace.describe(5).endswith("100 will take 71 min; the canary lasts 5, so about 7 prove it")


@pytest.mark.parametrize(
    ("rate", "minutes"),
    [(1000, 5), (200, 10), (40, 30), (14, 90), (5, LONGEST), (1, LONGEST), (0.5, 5), (0, 5)],
    ids=lambda value: f"{value:g}",
)
def test_the_interval_reaches_the_mails_is_bounded_and_waits_for_nothing_in_vain(rate: float, minutes: float) -> None:
    assert Pace(10, rate, 100, own=5).interval == minutes


def test_the_group_s_own_is_the_shortest() -> None:
    assert Pace(10, 1000, 100, own=15).interval == 15
    assert Pace(10, 1000, 100, own=600).interval == 600


def test_a_system_without_mail_says_that_only_the_hooks_prove_it() -> None:
    pace = choose_pace(context(), CANARY, 100)
    assert pace is not None
    assert pace.describe(5) == "no mail in the last day: only the hooks' mails prove it; the canary lasts 5 min"


def test_only_a_canary_that_shall_be_proved_has_a_pace() -> None:
    assert choose_pace(context(), {"type": "AllAtOnce"}, 100) is None
    assert choose_pace(context(), CANARY, 0) is None


def test_codedeploy_s_own_configurations_are_used_and_others_made_once() -> None:
    configs = Configs({})
    made = context(configs=configs)
    assert build_config(made, 10, 30)[0] == "CodeDeployDefault.LambdaCanary10Percent30Minutes"
    for percent, lasts in ((10, 30), (10, 90), (10, 90), (20, 5)):
        create_config(made, *build_config(made, percent, lasts))
    assert configs.made == {
        "herald-canary-10-percent-90-minutes": {
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": 90},
        },
        "herald-canary-20-percent-5-minutes": {
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 20, "canaryInterval": 5},
        },
    }
