"""Deployments can be looked up, and every answer has the shape of the service model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from laptop.model_validation import list_violations
from tests.integration.codedeploy.conftest import Stage, appspec, content
from tests.integration.codedeploy.stage import NOON

#: All that the simulator says is looked at.
pytestmark = pytest.mark.exact

OF_HERALD = {"applicationName": "herald", "deploymentGroupName": "herald"}


@pytest.fixture
def three(stage: Stage) -> tuple[Stage, list[str]]:
    """One that succeeded, one that failed in a hook, and its rollback: the oldest first."""
    good = stage.deploy()
    stage.answers("before", "Failed")
    bad = stage.deploy(appspec("2", "3", before="before"))
    return stage, [good, bad, stage.info(bad)["rollbackInfo"]["rollbackDeploymentId"]]


def list_ids(stage: Stage, **filters: Any) -> list[str]:
    return stage.codedeploy.list_deployments(**filters)["deployments"]


def test_deployments_are_listed_in_no_order(three: tuple[Stage, list[str]]) -> None:
    stage, made = three
    assert list_ids(stage) == list_ids(stage, **OF_HERALD)
    assert set(list_ids(stage)) == set(made)


def test_deployments_are_listed_by_status_and_time(three: tuple[Stage, list[str]]) -> None:
    stage, (good, bad, rollback) = three
    later = datetime.fromtimestamp(NOON + 1, UTC)
    assert list_ids(stage, includeOnlyStatuses=["Failed", "Stopped"]) == [bad]
    assert set(list_ids(stage, createTimeRange={"start": later})) == {rollback, bad}
    assert list_ids(stage, createTimeRange={"end": later}) == [good]
    assert list_ids(stage, **OF_HERALD, includeOnlyStatuses=["InProgress"]) == []


def test_of_another_group_there_are_none(three: tuple[Stage, list[str]]) -> None:
    stage, _ = three
    stage.codedeploy.create_application(applicationName="other", computePlatform="Lambda")
    group = stage.codedeploy.get_deployment_group(**OF_HERALD)["deploymentGroupInfo"]
    stage.codedeploy.create_deployment_group(
        applicationName="other",
        deploymentGroupName="other",
        serviceRoleArn=group["serviceRoleArn"],
        deploymentStyle=group["deploymentStyle"],
    )
    assert list_ids(stage, applicationName="other", deploymentGroupName="other") == []


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({"applicationName": "herald"}, "DeploymentGroupNameRequiredException"),
        ({"deploymentGroupName": "herald"}, "ApplicationNameRequiredException"),
        ({"applicationName": "nobody", "deploymentGroupName": "herald"}, "ApplicationDoesNotExistException"),
        ({"includeOnlyStatuses": ["Sleeping"]}, "InvalidDeploymentStatusException"),
        ({"includeOnlyStatuses": ["InProgress", "Baking"]}, "InvalidDeploymentStatusException"),
        ({"createTimeRange": {"start": NOON, "end": NOON - 1}}, "InvalidTimeRangeException"),
    ],
)
def test_a_wrong_question_is_refused(stage: Stage, filters: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as raised:
        list_ids(stage, **filters)
    assert raised.value.response["Error"]["Code"] == code


def test_a_batch_tells_what_it_knows(three: tuple[Stage, list[str]]) -> None:
    stage, (good, bad, _) = three
    infos = stage.codedeploy.batch_get_deployments(deploymentIds=[good, bad, "d-UNKNOWN12"])["deploymentsInfo"]
    assert {info["deploymentId"]: info["status"] for info in infos} == {good: "Succeeded", bad: "Failed"}
    with pytest.raises(stage.codedeploy.exceptions.BatchLimitExceededException):
        stage.codedeploy.batch_get_deployments(deploymentIds=[good] * 26)


def test_only_the_revision_itself_has_its_content(three: tuple[Stage, list[str]], endpoint: str) -> None:
    stage, made = three
    revisions = [ask(endpoint, "GetDeployment", deploymentId=one)["deploymentInfo"]["revision"] for one in made]
    batch = ask(endpoint, "BatchGetDeployments", deploymentIds=made)["deploymentsInfo"]
    revisions += [info["revision"] for info in batch]
    revisions += [info["previousRevision"] for info in batch if "previousRevision" in info]
    assert len(revisions) > 2 * len(made)
    assert [revision["appSpecContent"]["content"] for revision in revisions] == [None] * len(revisions)
    described: Any = stage.info(made[0])["revision"]
    found: Any = stage.codedeploy.get_application_revision(applicationName="herald", revision=described)
    assert found["revision"]["string"]["content"] == appspec()
    with pytest.raises(stage.codedeploy.exceptions.RevisionDoesNotExistException):
        unknown: Any = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "0" * 64}}
        stage.codedeploy.get_application_revision(applicationName="herald", revision=unknown)


def ask(endpoint: str, operation: str, **request: Any) -> Any:
    """The answer as it comes over the wire: boto3 leaves out what is null."""
    headers = {"X-Amz-Target": f"CodeDeploy_20141006.{operation}"}
    return httpx.post(endpoint, content=json.dumps(request), headers=headers).json()


def test_the_one_target_is_the_function_by_its_name(stage: Stage) -> None:
    deployment = stage.deploy()
    assert stage.codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"] == ["herald-notify"]
    (target,) = stage.codedeploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=["herald-notify"])[
        "deploymentTargets"
    ]
    assert target["lambdaTarget"] == stage.target(deployment)
    assert target["lambdaTarget"]["lambdaFunctionInfo"] == {
        "functionName": "herald-notify",
        "functionAlias": "live",
        "currentVersion": "1",
        "targetVersion": "2",
        "targetVersionWeight": 100,
    }
    with pytest.raises(stage.codedeploy.exceptions.DeploymentTargetDoesNotExistException):
        stage.codedeploy.get_deployment_target(deploymentId=deployment, targetId="another")


def test_every_answer_has_the_shape_of_the_service_model(three: tuple[Stage, list[str]], endpoint: str) -> None:
    _, made = three
    for deployment in made:
        target = {"deploymentId": deployment, "targetId": "herald-notify"}
        for operation, request in {
            "GetDeployment": {"deploymentId": deployment},
            "BatchGetDeployments": {"deploymentIds": [deployment]},
            "ListDeployments": {},
            "ListDeploymentTargets": {"deploymentId": deployment},
            "GetDeploymentTarget": target,
            "BatchGetDeploymentTargets": {"deploymentId": deployment, "targetIds": ["herald-notify"]},
        }.items():
            headers = {"X-Amz-Target": f"CodeDeploy_20141006.{operation}"}
            answer = httpx.post(endpoint, content=json.dumps(request), headers=headers).json()
            assert answer
            assert list_violations("codedeploy", operation, answer) == []


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("aws"), reason="the AWS CLI is not installed")
def test_the_aws_cli_deploys_waits_and_tells(stage: Stage, endpoint: str, tmp_path: Path) -> None:
    def aws(*arguments: str) -> Any:
        command = ["aws", "--endpoint-url", endpoint, "--region", "us-east-1", "--output", "json", "deploy", *arguments]
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        return json.loads(answer) if answer else None

    group = ["--application-name", "herald", "--deployment-group-name", "herald"]
    made = aws("create-deployment", *group, "--revision", json.dumps(content(appspec())))["deploymentId"]
    stage.spawned.run()
    aws("wait", "deployment-successful", "--deployment-id", made)
    told = aws("get-deployment-target", "--deployment-id", made, "--target-id", "herald-notify")
    assert told["deploymentTarget"]["lambdaTarget"]["status"] == "Succeeded"
    assert aws("list-deployments", *group)["deployments"] == [made]
