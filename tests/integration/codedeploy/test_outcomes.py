"""A deployment moves the alias step by step, and ends in one of the ways that CodeDeploy knows."""

from __future__ import annotations

import pytest

from tests.integration.codedeploy.conftest import Stage, appspec
from tests.integration.codedeploy.stage import NOON

#: All that the simulator says is looked at.
pytestmark = pytest.mark.exact

ALL_AT_ONCE = {"deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"}


def test_a_canary_gets_a_tenth_for_five_minutes_and_then_everything(stage: Stage) -> None:
    deployment = stage.deploy()
    assert stage.info(deployment)["status"] == "Succeeded"
    assert stage.functions.moves == [(2, "1", {"2": 0.1}), (302, "2", {})]


def test_linear_goes_up_step_by_step(stage: Stage) -> None:
    stage.deploy(deploymentConfigName="CodeDeployDefault.LambdaLinear10PercentEvery1Minute")
    weights = [weights.get("2", 1.0) for _, _, weights in stage.functions.moves]
    assert weights == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    assert [seconds for seconds, _, _ in stage.functions.moves] == [2 + 60 * step for step in range(10)]


def test_all_at_once_is_one_move(stage: Stage) -> None:
    stage.deploy(**ALL_AT_ONCE)
    assert stage.functions.moves == [(2, "2", {})]


def test_a_configuration_of_ones_own_is_followed(stage: Stage) -> None:
    stage.codedeploy.create_deployment_config(
        deploymentConfigName="thirds",
        computePlatform="Lambda",
        trafficRoutingConfig={
            "type": "TimeBasedLinear",
            "timeBasedLinear": {"linearPercentage": 40, "linearInterval": 3},
        },
    )
    stage.deploy(deploymentConfigName="thirds")
    assert stage.functions.moves == [(2, "1", {"2": 0.4}), (182, "1", {"2": 0.8}), (362, "2", {})]


def test_on_its_way_it_tells_every_status_and_the_weight(stage: Stage) -> None:
    deployment = stage.create()
    seen: list[tuple[str, float]] = []
    overviews: list[dict[str, int]] = []

    def look() -> None:
        info = stage.info(deployment)
        weight = stage.target(deployment)["lambdaFunctionInfo"]["targetVersionWeight"] if "startTime" in info else -1
        seen.append((info["status"], weight))
        overviews.append({name: count for name, count in info["deploymentOverview"].items() if count})

    for second in (0.5, 1.5, 100, 301):
        stage.clock.at(second, look)
    stage.spawned.run()
    look()
    assert seen == [("Created", -1), ("Queued", -1), ("InProgress", 10), ("InProgress", 10), ("Succeeded", 100)]
    assert overviews == [{"Pending": 1}, {"Pending": 1}, {"InProgress": 1}, {"InProgress": 1}, {"Succeeded": 1}]


def test_what_has_not_started_has_no_target_yet(stage: Stage) -> None:
    deployment = stage.create()
    with pytest.raises(stage.codedeploy.exceptions.DeploymentNotStartedException):
        stage.target(deployment)
    with pytest.raises(stage.codedeploy.exceptions.DeploymentNotStartedException):
        stage.codedeploy.list_deployment_targets(deploymentId=deployment)


def test_without_hooks_their_events_are_skipped(stage: Stage) -> None:
    assert stage.lifecycle(stage.deploy()) == {
        "Start": "Succeeded",
        "BeforeAllowTraffic": "Skipped",
        "AllowTraffic": "Succeeded",
        "AfterAllowTraffic": "Skipped",
        "End": "Succeeded",
    }


def test_times_are_told_as_they_passed(stage: Stage) -> None:
    info = stage.info(stage.deploy())
    moments = [info[name].timestamp() - NOON for name in ("createTime", "startTime", "completeTime")]
    assert moments == pytest.approx([0, 2, 302])


def test_the_next_deployment_names_the_revision_that_was_live_before(stage: Stage) -> None:
    first = stage.deploy()
    second = stage.deploy(appspec("2", "3"), description="the next one")
    info = stage.info(second)
    assert info["previousRevision"] == stage.info(first)["revision"]
    assert info["description"] == "the next one"
    assert stage.functions.alias["FunctionVersion"] == "3"


def test_the_alias_is_not_moved_over_somebody_elses_change(stage: Stage) -> None:
    deployment = stage.create()
    stage.clock.at(100, lambda: stage.functions.put("3"))
    stage.spawned.run()
    assert stage.info(deployment)["errorInformation"]["code"] == "INVALID_LAMBDA_CONFIGURATION"
    assert stage.functions.alias["FunctionVersion"] == "3"


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        ("AccessDeniedException", "IAM_ROLE_PERMISSIONS"),
        ("TooManyRequestsException", "THROTTLED"),
        ("ServiceException", "INTERNAL_ERROR"),
    ],
)
def test_a_move_that_lambda_refuses_fails_the_deployment(stage: Stage, refused: str, code: str) -> None:
    stage.functions.refuses["UpdateAlias"] = refused
    info = stage.info(stage.deploy())
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", code)
    assert stage.functions.alias["FunctionVersion"] == "1"
