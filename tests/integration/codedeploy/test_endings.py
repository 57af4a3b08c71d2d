"""Alarms and people stop deployments; what was moved is taken back by a second one, if that is configured."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.codedeploy.conftest import Stage, appspec

#: All that the simulator says is looked at.
pytestmark = pytest.mark.exact

OWN_ALARM: dict[str, Any] = {
    "overrideAlarmConfiguration": {"enabled": True, "alarms": [{"name": "herald-candidate-2"}]}
}


@pytest.fixture
def stage(proven: Stage) -> Stage:
    """A group with something to roll back to."""
    return proven


def ring(stage: Stage, second: float, alarm: str = "herald-errors") -> None:
    def on() -> None:
        stage.alarms.states[alarm] = "ALARM"

    stage.clock.at(second, on)


def test_an_alarm_stops_the_canary_and_a_second_deployment_takes_it_back(stage: Stage) -> None:
    ring(stage, 60)
    deployment = stage.deploy()
    info = stage.info(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert "herald-errors" in info["errorInformation"]["message"]
    assert stage.functions.moves == [(2, "1", {"2": 0.1}), (62, "1", {})]


@pytest.mark.parametrize("scale", [1.0, 0.4, 0.02, 0.001])
def test_a_version_that_hangs_until_it_times_out_is_stopped_at_every_scale(stage: Stage, scale: float) -> None:
    """A canary of five minutes is shorter by the factor, a run of 30 s is not: the alarm hears of it all the same."""

    def time_out() -> None:
        stage.functions.runs.clear()
        stage.alarms.states["herald-errors"] = "ALARM"

    began = 3 * scale  # the canary began at the second second of AWS
    stage.clock.at(began, lambda: stage.functions.runs.update({"2": [stage.clock.now()]}))
    stage.clock.at(began + 30, time_out)
    assert stage.info(stage.deploy())["errorInformation"]["code"] == "ALARM_ACTIVE"


@pytest.mark.parametrize("scale", [0.02])
def test_a_run_that_outlasts_the_canary_on_aws_too_is_not_waited_for(stage: Stage, scale: float) -> None:
    stage.clock.at(3 * scale, lambda: stage.functions.runs.update({"2": [stage.clock.now()]}))
    assert stage.info(stage.deploy())["status"] == "Succeeded"
    assert 300 <= stage.clock.passed <= 310


def test_the_two_deployments_of_a_rollback_name_each_other(stage: Stage) -> None:
    ring(stage, 60)
    deployment = stage.deploy()
    rollback = stage.info(deployment)["rollbackInfo"]["rollbackDeploymentId"]
    info = stage.info(rollback)
    assert info["rollbackInfo"]["rollbackTriggeringDeploymentId"] == deployment
    assert (info["creator"], info["status"]) == ("codeDeployRollback", "Succeeded")
    assert stage.info(deployment)["creator"] == "user"
    moved = stage.target(rollback)["lambdaFunctionInfo"]
    assert (moved["currentVersion"], moved["targetVersion"], moved["targetVersionWeight"]) == ("9", "1", 100)
    assert {rollback, deployment} < set(stage.codedeploy.list_deployments()["deployments"])


def test_a_deployments_own_alarms_stand_in_for_the_groups(stage: Stage) -> None:
    stage.alarms.states |= {"herald-candidate-2": "OK", "herald-errors": "ALARM"}
    deployment = stage.deploy(**OWN_ALARM)
    assert stage.info(deployment)["status"] == "Succeeded"
    assert stage.info(deployment)["overrideAlarmConfiguration"] == OWN_ALARM["overrideAlarmConfiguration"]
    ring(stage, stage.clock.passed + 30, "herald-candidate-2")
    assert stage.info(stage.deploy(appspec("2", "3"), **OWN_ALARM))["status"] == "Stopped"


def test_an_alarm_while_the_last_hook_thinks_takes_everything_back(stage: Stage) -> None:
    stage.answers("after", "Succeeded", after=60)
    ring(stage, 320)
    assert stage.info(stage.deploy(appspec(after="after")))["status"] == "Stopped"
    assert stage.functions.moves[-2:] == [(302, "2", {}), (322, "1", {})]


def test_an_alarm_that_is_on_before_the_traffic_moves_keeps_it_from_moving(stage: Stage) -> None:
    stage.alarms.states["herald-errors"] = "ALARM"
    assert stage.info(stage.deploy())["errorInformation"]["code"] == "ALARM_ACTIVE"
    assert all(version == "1" and not weights for _, version, weights in stage.functions.moves)


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_an_alarm_in_any_other_state_stops_nothing(stage: Stage, state: str) -> None:
    stage.alarms.states["herald-errors"] = state
    assert stage.info(stage.deploy())["status"] == "Succeeded"


def test_disabled_alarms_stop_nothing(stage: Stage) -> None:
    stage.group(alarmConfiguration={"enabled": False, "alarms": [{"name": "herald-errors"}]})
    ring(stage, 60)
    assert stage.info(stage.deploy())["status"] == "Succeeded"


@pytest.mark.parametrize("unknown", ["deleted", "unreachable"])
@pytest.mark.parametrize(("ignored", "status"), [(False, "Stopped"), (True, "Succeeded")])
def test_alarms_that_cannot_be_read_stop_it_unless_that_is_ignored(
    stage: Stage, unknown: str, ignored: bool, status: str
) -> None:
    alarms: Any = {"enabled": True, "alarms": [{"name": "herald-errors"}], "ignorePollAlarmFailure": ignored}
    stage.group(alarmConfiguration=alarms)
    if unknown == "deleted":
        stage.alarms.states.clear()
    else:
        stage.alarms.reachable = False
    assert stage.info(stage.deploy())["status"] == status


@pytest.mark.parametrize(
    ("events", "how", "taken_back"),
    [
        (["DEPLOYMENT_STOP_ON_ALARM"], "alarm", True),
        (["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"], "alarm", False),
        (["DEPLOYMENT_FAILURE"], "failure", True),
        (["DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"], "failure", False),
        (["DEPLOYMENT_STOP_ON_REQUEST"], "request", True),
        (["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"], "request", False),
    ],
)
@pytest.mark.parametrize("own", [False, True], ids=["of the group", "of the deployment"])
def test_only_what_is_configured_is_taken_back(
    stage: Stage, events: list[str], how: str, taken_back: bool, own: bool
) -> None:
    rollback: Any = {"autoRollbackConfiguration": {"enabled": True, "events": events}}
    if not own:
        stage.group(**rollback)
    stage.answers("after", "Failed" if how == "failure" else "Succeeded", after=60)
    deployment = stage.create(appspec(after="after"), **(rollback if own else {}))
    if how == "alarm":
        ring(stage, 60)
    if how == "request":
        stage.clock.at(60, lambda: stop(stage, deployment))
    stage.spawned.run()
    assert ("rollbackInfo" in stage.info(deployment)) is taken_back
    assert (stage.functions.moves[-1][1:] == ("1", {})) is taken_back


def test_a_rollback_that_is_switched_off_does_not_happen(stage: Stage) -> None:
    stage.group(autoRollbackConfiguration={"enabled": False, "events": ["DEPLOYMENT_STOP_ON_ALARM"]})
    ring(stage, 60)
    assert "rollbackInfo" not in stage.info(stage.deploy())


def stop(stage: Stage, deployment: str, **how: Any) -> None:
    assert stage.codedeploy.stop_deployment(deploymentId=deployment, **how)["status"] == "Pending"


def test_stopping_with_rollback_takes_back_whatever_is_configured(stage: Stage) -> None:
    stage.group(autoRollbackConfiguration={"enabled": False})
    deployment = stage.create()
    stage.clock.at(60, lambda: stop(stage, deployment, autoRollbackEnabled=True))
    stage.spawned.run()
    info = stage.info(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "MANUAL_STOP")
    assert stage.functions.moves == [(2, "1", {"2": 0.1}), (62, "1", {})]


def test_stopping_without_rollback_leaves_two_versions_and_every_later_deployment_fails(stage: Stage) -> None:
    deployment = stage.create()
    stage.clock.at(60, lambda: stop(stage, deployment, autoRollbackEnabled=False))
    stage.spawned.run()
    assert stage.functions.moves == [(2, "1", {"2": 0.1})]
    for target in ("2", "3"):
        later = stage.info(stage.deploy(appspec("1", target)))
        assert (later["status"], later["errorInformation"]["code"]) == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
        assert "rollbackInfo" not in later
    assert stage.functions.moves == [(2, "1", {"2": 0.1})]


def test_after_an_abort_and_cleared_weights_deployments_work_again(stage: Stage) -> None:
    deployment = stage.create()
    stage.clock.at(60, lambda: stop(stage, deployment, autoRollbackEnabled=False))
    stage.spawned.run()
    stage.functions.put("1")
    assert stage.info(stage.deploy())["status"] == "Succeeded"
    assert stage.functions.alias["FunctionVersion"] == "2"


def test_what_is_stopped_in_the_queue_never_touches_the_alias(stage: Stage) -> None:
    deployment = stage.create()
    stop(stage, deployment, autoRollbackEnabled=True)
    stage.spawned.run()
    assert stage.info(deployment)["status"] == "Stopped"
    assert stage.functions.moves == []
    assert "rollbackInfo" not in stage.info(deployment)


def test_what_is_over_cannot_be_stopped(stage: Stage) -> None:
    deployment = stage.deploy()
    with pytest.raises(stage.codedeploy.exceptions.DeploymentAlreadyCompletedException):
        stage.codedeploy.stop_deployment(deploymentId=deployment)


def test_a_rollback_redeploys_the_last_revision_that_succeeded_wherever_the_alias_is(stage: Stage) -> None:
    deployment = stage.create()
    stage.clock.at(60, lambda: stage.functions.put("3"))
    stage.spawned.run()
    rollback = stage.info(deployment)["rollbackInfo"]["rollbackDeploymentId"]
    assert stage.info(rollback)["status"] == "Succeeded"
    assert stage.functions.alias["FunctionVersion"] == "1"


def test_a_rollback_leads_to_what_succeeded_last_not_to_what_was_live(stage: Stage) -> None:
    stage.functions.put("2")
    ring(stage, 60)
    stage.deploy(appspec("2", "3"))
    assert stage.functions.moves[-1] == (62, "1", {})


def test_a_rollback_asks_the_hooks_of_the_revision_that_it_redeploys(stage: Stage) -> None:
    stage.answers("before", "Succeeded")
    stage.deploy(appspec(before="before"))
    ring(stage, stage.clock.passed + 60)
    deployment = stage.deploy(appspec("2", "3"))
    assert stage.functions.asked == ["before", "before"]
    rollback = stage.info(deployment)["rollbackInfo"]["rollbackDeploymentId"]
    assert stage.lifecycle(rollback)["BeforeAllowTraffic"] == "Succeeded"
    assert stage.functions.alias["FunctionVersion"] == "2"


def test_a_rollback_whose_hook_fails_is_not_rolled_back_itself(stage: Stage) -> None:
    stage.answers("before", "Succeeded")
    stage.deploy(appspec(before="before"))
    stage.answers("before", "Failed")
    ring(stage, stage.clock.passed + 60)
    deployment = stage.deploy(appspec("2", "3"))
    rollback = stage.info(stage.info(deployment)["rollbackInfo"]["rollbackDeploymentId"])
    assert (rollback["status"], rollback["creator"]) == ("Failed", "codeDeployRollback")
    assert "rollbackDeploymentId" not in rollback["rollbackInfo"]


def test_nothing_is_stopped_that_does_not_exist(stage: Stage) -> None:
    with pytest.raises(ClientError, match="DeploymentDoesNotExistException"):
        stage.codedeploy.stop_deployment(deploymentId="d-UNKNOWN12")


def test_a_group_s_first_deployment_has_nothing_to_roll_back_to(bare_group: Stage) -> None:
    ring(bare_group, 60)
    info = bare_group.info(bare_group.deploy())
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert info["rollbackInfo"].keys() == {"rollbackMessage"}
    assert bare_group.functions.moves == [(2, "1", {"2": 0.1})], "the weights stay"
