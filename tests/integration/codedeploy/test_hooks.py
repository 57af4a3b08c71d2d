"""Hooks are functions that CodeDeploy asks once; only their own call to it is a verdict."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.codedeploy.conftest import Stage, appspec

#: All that the simulator says is looked at.
pytestmark = pytest.mark.exact

HOUR = 3600


@pytest.fixture
def hooked(stage: Stage) -> Stage:
    """Both hooks answer Succeeded at once, unless a test says otherwise."""
    stage.answers("before", "Succeeded")
    stage.answers("after", "Succeeded")
    return stage


def deploy(stage: Stage) -> str:
    return stage.deploy(appspec(before="before", after="after"))


def test_each_hook_is_asked_once_before_and_after_the_traffic(hooked: Stage) -> None:
    hooked.answers("before", "Succeeded", after=90)
    assert hooked.info(deploy(hooked))["status"] == "Succeeded"
    assert hooked.functions.asked == ["before", "after"]
    assert hooked.functions.moves == [(92, "1", {"2": 0.1}), (392, "2", {})]


def test_a_hook_is_told_the_deployment_and_its_own_execution(hooked: Stage) -> None:
    told: list[tuple[str, str]] = []
    hooked.functions.hooks["before"] = lambda *names: told.append(names)
    deployment = hooked.create(appspec(before="before"))
    hooked.clock.at(10, lambda: hooked.say(*told[0], "Succeeded"))
    hooked.spawned.run()
    assert told == [(deployment, told[0][1])]
    assert hooked.info(deployment)["status"] == "Succeeded"


def test_a_failing_first_hook_keeps_the_traffic_where_it_is(hooked: Stage) -> None:
    hooked.answers("before", "Failed", after=5)
    deployment = deploy(hooked)
    info = hooked.info(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert hooked.lifecycle(deployment) == {
        "Start": "Succeeded",
        "BeforeAllowTraffic": "Failed",
        "AllowTraffic": "Skipped",
        "AfterAllowTraffic": "Skipped",
        "End": "Skipped",
    }
    assert all(version == "1" and not weights for _, version, weights in hooked.functions.moves)


def test_a_failing_last_hook_takes_the_traffic_back(proven: Stage, hooked: Stage) -> None:
    hooked.answers("after", "Failed", after=5)
    assert hooked.info(deploy(hooked))["status"] == "Failed"
    assert hooked.functions.moves == [(2, "1", {"2": 0.1}), (302, "2", {}), (309, "1", {})]


def test_a_hook_that_returns_and_never_answers_fails_after_an_hour(hooked: Stage) -> None:
    hooked.functions.hooks["before"] = lambda *_: None
    deployment = deploy(hooked)
    assert hooked.info(deployment)["errorInformation"]["code"] == "HOOK_EXECUTION_FAILURE"
    assert hooked.clock.passed == 2 + HOUR
    event = hooked.target(deployment)["lifecycleEvents"][1]
    assert event["diagnostics"]["errorCode"] == "ScriptTimedOut"


def test_an_hours_wait_leaves_time_for_an_answer_in_the_last_second(hooked: Stage) -> None:
    hooked.answers("before", "Succeeded", after=HOUR - 1)
    assert hooked.info(deploy(hooked))["status"] == "Succeeded"


@pytest.mark.parametrize("refused", ["ResourceNotFoundException", "AccessDeniedException"])
def test_a_hook_that_cannot_be_invoked_fails_at_once(hooked: Stage, refused: str) -> None:
    hooked.functions.refuses["Invoke"] = refused
    deployment = deploy(hooked)
    assert hooked.info(deployment)["status"] == "Failed"
    assert hooked.clock.passed < 5
    assert refused in hooked.target(deployment)["lifecycleEvents"][1]["diagnostics"]["message"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "Skipped"}, "InvalidLifecycleEventHookExecutionStatusException"),
        ({"status": "InProgress"}, "InvalidLifecycleEventHookExecutionStatusException"),
        ({"lifecycleEventHookExecutionId": "another"}, "InvalidLifecycleEventHookExecutionIdException"),
        ({"deploymentId": "d-UNKNOWN12"}, "DeploymentDoesNotExistException"),
        ({"deploymentId": "unknown"}, "InvalidDeploymentIdException"),
        ({"deploymentId": ""}, "DeploymentIdRequiredException"),
    ],
)
def test_an_answer_that_fits_no_hook_is_refused_and_changes_nothing(
    hooked: Stage, change: dict[str, str], code: str
) -> None:
    codes: list[str] = []

    def answer(deployment: str, execution: str) -> None:
        request: Any = {"deploymentId": deployment, "lifecycleEventHookExecutionId": execution, "status": "Succeeded"}
        with pytest.raises(ClientError) as raised:
            hooked.codedeploy.put_lifecycle_event_hook_execution_status(**request | change)
        codes.append(raised.value.response["Error"]["Code"])

    hooked.functions.hooks["before"] = answer
    assert hooked.info(deploy(hooked))["status"] == "Failed"
    assert codes == [code]


def test_the_first_answer_counts_and_a_second_is_refused(hooked: Stage) -> None:
    codes: list[str] = []

    def answer(deployment: str, execution: str) -> None:
        hooked.say(deployment, execution, "Succeeded")
        with pytest.raises(ClientError) as raised:
            hooked.say(deployment, execution, "Failed")
        codes.append(raised.value.response["Error"]["Code"])

    hooked.functions.hooks["before"] = answer
    assert hooked.info(deploy(hooked))["status"] == "Succeeded"
    assert codes == ["LifecycleEventAlreadyCompletedException"]
