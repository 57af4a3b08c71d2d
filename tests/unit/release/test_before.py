"""What is refused between the plan and the deployment, and what CodeDeploy may call the state of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from operations.errors import UserError
from release.alarms import wait_until_quiet
from release.deployments import ENDED, UNDER_WAY
from release.publish import Artifact, update
from release.stack import Names, Stack

NAME = "herald-notify"


class Aws:
    """A stack whose Lambda and CloudWatch answer as they are told, and nothing else."""

    def __init__(self) -> None:
        functions, cloudwatch = self._client("lambda"), self._client("cloudwatch")
        self.functions, self.cloudwatch = Stubber(functions), Stubber(cloudwatch)
        self.codedeploy: Any = self._client("codedeploy")
        self.stack = Stack(functions, self.codedeploy, cloudwatch, Names(), "1", "eu-west-1")

    def has_code(self, sha256: str, times: int = 1) -> None:
        """Lambda reports this code, so many times."""
        for _ in range(times):
            answer = {"CodeSha256": sha256, "LastUpdateStatus": "Successful"}
            self.functions.add_response("get_function_configuration", answer, {"FunctionName": NAME})

    def has_alarm(self, state: str) -> None:
        self.cloudwatch.add_response(
            "describe_alarms", {"MetricAlarms": [{"AlarmName": "errors", "StateValue": state}]}
        )

    @staticmethod
    def _client(service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")


@pytest.fixture
def aws() -> Iterator[Aws]:
    made = Aws()
    with made.functions, made.cloudwatch:
        yield made
        made.functions.assert_no_pending_responses()
        made.cloudwatch.assert_no_pending_responses()


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    (tmp_path / "function.zip").write_bytes(b"zip")
    return Artifact(tmp_path / "function.zip", "r1")


def test_code_that_is_there_is_not_sent_again(aws: Aws, artifact: Artifact) -> None:
    aws.has_code(artifact.sha256, times=3)
    update(aws.stack, NAME, artifact)


def test_code_that_arrived_as_it_was_sent_goes_on(aws: Aws, artifact: Artifact) -> None:
    aws.has_code("old", times=3)
    aws.functions.add_response("update_function_code", {}, {"FunctionName": NAME, "ZipFile": b"zip"})
    aws.has_code(artifact.sha256, times=2)
    update(aws.stack, NAME, artifact)


def test_other_code_than_was_sent_is_not_released(aws: Aws, artifact: Artifact) -> None:
    aws.has_code("old", times=3)
    aws.functions.add_response("update_function_code", {})
    aws.has_code("somebody else's", times=2)
    with pytest.raises(UserError, match=r"reports the code somebody else's for herald-notify.*nothing was released$"):
        update(aws.stack, NAME, artifact)


def test_a_function_that_is_not_there_is_told_with_what_makes_it(aws: Aws, artifact: Artifact) -> None:
    aws.functions.add_client_error("get_function_configuration", "ResourceNotFoundException")
    with pytest.raises(UserError, match=r"^there is no function herald-notify: make apply makes it$"):
        update(aws.stack, NAME, artifact)


def test_an_alarm_that_rings_already_would_take_the_release_back_at_once(aws: Aws) -> None:
    aws.has_alarm("ALARM")
    with pytest.raises(UserError, match=r"^errors rings already.*--own-alarms-only"):
        wait_until_quiet(aws.stack, ["errors"], -1)


def test_an_alarm_that_falls_silent_meanwhile_holds_nothing_up(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    for state in ("ALARM", "ALARM", "OK"):
        aws.has_alarm(state)
    wait_until_quiet(aws.stack, ["errors"], 60)


def test_every_status_of_codedeploy_is_waited_through_or_an_end(aws: Aws) -> None:
    model = aws.codedeploy.meta.service_model.shape_for("DeploymentStatus")
    assert {*UNDER_WAY, *ENDED} == {*model.enum}
    assert not {*UNDER_WAY} & {*ENDED}
