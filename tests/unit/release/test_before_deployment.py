"""What is refused between the plan and the deployment, and by which statuses deployments are listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from operations.errors import UserError
from release.deployments import ENDED, UNDER_WAY
from release.lambda_versions.publish import Artifact, update
from release.release_context import Names, ReleaseContext
from release.version_alarms import create, wait_until_quiet

NAME = "herald-notify"


class Aws:
    """A context whose Lambda and CloudWatch answer as they are told, and nothing else."""

    def __init__(self) -> None:
        functions, cloudwatch = self._client("lambda"), self._client("cloudwatch")
        self.functions, self.cloudwatch = Stubber(functions), Stubber(cloudwatch)
        self.codedeploy: Any = self._client("codedeploy")
        self.context = ReleaseContext(functions, self.codedeploy, cloudwatch, Names(), "1", "eu-west-1")

    def has_code(self, sha256: str, times: int = 1) -> None:
        """Lambda reports this code, so many times."""
        for _ in range(times):
            answer = {"CodeSha256": sha256, "LastUpdateStatus": "Successful"}
            self.functions.add_response("get_function_configuration", answer, {"FunctionName": NAME})

    def has_alarm(self, state: str, **more: Any) -> None:
        alarm = {"AlarmName": "errors", "StateValue": state, **more}
        self.cloudwatch.add_response("describe_alarms", {"MetricAlarms": [alarm]})

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
    update(aws.context, NAME, artifact.content)


def test_code_that_arrived_as_it_was_sent_goes_on(aws: Aws, artifact: Artifact) -> None:
    aws.has_code("old", times=3)
    aws.functions.add_response("update_function_code", {}, {"FunctionName": NAME, "ZipFile": b"zip"})
    aws.has_code(artifact.sha256, times=2)
    update(aws.context, NAME, artifact.content)


def test_other_code_than_was_sent_is_not_released(aws: Aws, artifact: Artifact) -> None:
    aws.has_code("old", times=3)
    aws.functions.add_response("update_function_code", {})
    aws.has_code("somebody else's", times=2)
    with pytest.raises(UserError, match=r"reports the code somebody else's for herald-notify.*nothing was released$"):
        update(aws.context, NAME, artifact.content)


def test_a_function_that_is_not_there_is_told_with_what_makes_it(aws: Aws, artifact: Artifact) -> None:
    aws.functions.add_client_error("get_function_configuration", "ResourceNotFoundException")
    with pytest.raises(UserError, match=r"^there is no function herald-notify: make apply makes it$"):
        update(aws.context, NAME, artifact.content)


class Clock:
    """The monotonic clock, on which only sleeping takes time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr("time.sleep", self._sleep)
        monkeypatch.setattr("time.monotonic", lambda: self.now)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.mark.exact
def test_an_alarm_that_rings_on_would_take_the_release_back_at_once(aws: Aws, clock: Clock) -> None:
    since = datetime(2026, 11, 28, 14, 3, tzinfo=UTC)
    for _ in range(98):
        aws.has_alarm("ALARM", Period=60, EvaluationPeriods=1, StateUpdatedTimestamp=since)
    with pytest.raises(UserError, match=r"^errors rings already, since 2026-11-28 14:03 UTC, .*--own-alarms-only"):
        wait_until_quiet(aws.context, ["errors"])


def test_an_alarm_is_waited_for_as_long_as_it_may_look_back(aws: Aws, clock: Clock) -> None:
    """One evaluated period of five minutes, and those that CloudWatch looks at beyond it where values are missing."""
    for _ in range(180):
        aws.has_alarm("ALARM", Period=300, EvaluationPeriods=1)
    aws.has_alarm("OK", Period=300, EvaluationPeriods=1)
    wait_until_quiet(aws.context, ["errors"])
    assert clock.now == 900


@pytest.mark.parametrize("weighted", [True, False])
def test_an_alarm_of_a_version_needs_an_alias_that_is_weighted(aws: Aws, weighted: bool) -> None:
    """All at once, Lambda writes no metric with the dimension ExecutedVersion: such an alarm could never ring."""
    dimensions = [{"Name": "FunctionName", "Value": NAME}, {"Name": "Resource", "Value": f"{NAME}:live"}]
    dimensions += [{"Name": "ExecutedVersion", "Value": "7"}] if weighted else []
    asked: list[Any] = []
    aws.context.cloudwatch.meta.events.register("provide-client-params", lambda params, **_: asked.append(params))
    aws.cloudwatch.add_response("put_metric_alarm", {})
    assert create(aws.context, "7", weighted) == ["herald-release-7-errors"]
    assert [alarm["Dimensions"] for alarm in asked] == [dimensions]


def test_only_statuses_that_are_documented_are_listed_by(aws: Aws) -> None:
    documented = aws.codedeploy.meta.service_model.operation_model("ListDeployments").input_shape
    text = documented.members["includeOnlyStatuses"].documentation.replace("In Progress", "InProgress")
    assert {*UNDER_WAY, *ENDED} == {*re.findall(r"<code>(\w+)</code>:", text)}
