"""What cannot be deployed is refused at once or fails before the alias is touched, by AWS's names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.codedeploy.conftest import Stage, appspec, content
from tests.integration.codedeploy.model import errors

#: All that the simulator says is looked at.
pytestmark = pytest.mark.exact


def refusal(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**request)
    return str(raised.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"applicationName": "nobody"}, "ApplicationDoesNotExistException"),
        ({"deploymentGroupName": "nobody"}, "DeploymentGroupDoesNotExistException"),
        ({"deploymentConfigName": "none"}, "DeploymentConfigDoesNotExistException"),
        ({"revision": {}}, "RevisionRequiredException"),
        ({"revision": {"revisionType": "S3", "s3Location": {"bucket": "b"}}}, "InvalidRevisionException"),
        ({"revision": {"revisionType": "GitHub"}}, "InvalidRevisionException"),
        ({"description": "x" * 257}, "DescriptionTooLongException"),
        ({"overrideAlarmConfiguration": {"enabled": True, "alarms": []}}, "InvalidAlarmConfigException"),
        (
            {"overrideAlarmConfiguration": {"enabled": True, "alarms": [{"name": "a"}, {"name": "a"}]}},
            "InvalidAlarmConfigException",
        ),
        (
            {"overrideAlarmConfiguration": {"enabled": True, "alarms": [{"name": str(n)} for n in range(11)]}},
            "AlarmsLimitExceededException",
        ),
        ({"autoRollbackConfiguration": {"enabled": True, "events": []}}, "InvalidAutoRollbackConfigException"),
    ],
)
def test_a_wrong_request_is_refused_by_a_code_of_the_service_model(
    stage: Stage, change: dict[str, Any], code: str
) -> None:
    assert refusal(stage.create, **change) == code
    assert code in errors("CreateDeployment")
    assert stage.codedeploy.list_deployments()["deployments"] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "}{",
        "just a line",
        "version: 0.0",
        appspec().replace("0.0", "1.0"),
        appspec().replace("AWS::Lambda::Function", "AWS::ECS::Service"),
        appspec().replace("Alias: live", ""),
        appspec().replace("TargetVersion: '2'", ""),
        appspec(before="a").replace("BeforeAllowTraffic", "BeforeInstall"),
        appspec(before="a").replace("- BeforeAllowTraffic", "  BeforeAllowTraffic"),
        appspec() + "- another: {Type: AWS::Lambda::Function}\n",
    ],
)
def test_what_is_no_appspec_is_refused(stage: Stage, text: str) -> None:
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": text}}
    assert refusal(stage.create, revision=revision) == "InvalidRevisionException"


def test_a_revision_whose_sha256_is_another_is_refused(stage: Stage) -> None:
    revision = content(appspec())
    revision["appSpecContent"]["content"] += "\n"
    assert refusal(stage.create, revision=revision) == "InvalidRevisionException"


@pytest.mark.parametrize(
    "revision",
    [
        {"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec()}},
        {"revisionType": "String", "string": {"content": appspec()}},
        content(
            json.dumps(
                {
                    "version": "0.0",
                    "resources": [
                        {
                            "f": {
                                "type": "AWS::Lambda::Function",
                                "properties": {
                                    "name": "herald-notify",
                                    "alias": "live",
                                    "currentversion": 1,
                                    "targetversion": 2,
                                },
                            }
                        }
                    ],
                }
            )
        ),
    ],
    ids=["no sha256", "the deprecated type", "JSON, in the other letter case"],
)
def test_every_way_of_writing_the_same_is_taken(stage: Stage, revision: dict[str, Any]) -> None:
    assert stage.info(stage.deploy(revision=revision))["status"] == "Succeeded"


def test_without_a_group_nothing_is_deployed(stage: Stage) -> None:
    create = stage.codedeploy.create_deployment
    code = refusal(create, applicationName="herald", revision=content(appspec()))
    assert code == "DeploymentGroupNameRequiredException"


def test_a_group_deploys_one_thing_at_a_time(stage: Stage) -> None:
    first = stage.create()
    assert refusal(stage.create) == "DeploymentLimitExceededException"
    stage.spawned.run()
    assert stage.info(first)["status"] == "Succeeded"
    assert stage.info(stage.deploy(appspec("2", "3")))["status"] == "Succeeded"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (appspec("2", "3"), "INVALID_LAMBDA_CONFIGURATION"),
        (appspec("1", "1"), "INVALID_LAMBDA_CONFIGURATION"),
        (appspec("1", "$LATEST"), "INVALID_LAMBDA_CONFIGURATION"),
        (appspec("1", "9"), "INVALID_LAMBDA_FUNCTION"),
        (appspec().replace("herald-notify", "nobody"), "INVALID_LAMBDA_FUNCTION"),
        (appspec().replace("live", "dead"), "INVALID_LAMBDA_FUNCTION"),
    ],
    ids=["not current", "the same", "$LATEST", "no such version", "no such function", "no such alias"],
)
def test_what_does_not_fit_the_function_fails_before_the_alias_is_touched(stage: Stage, text: str, code: str) -> None:
    deployment = stage.deploy(text)
    info = stage.info(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", code)
    assert "rollbackInfo" not in info
    assert stage.functions.moves == []
    (function,) = stage.codedeploy.list_deployment_targets(deploymentId=deployment)["targetIds"]
    assert list(stage.lifecycle(deployment, function).values()) == [
        "Failed",
        "Skipped",
        "Skipped",
        "Skipped",
        "Skipped",
    ]


def test_an_alias_that_carries_weights_is_not_deployed_to(stage: Stage) -> None:
    stage.functions.put("1", **{"3": 0.5})
    info = stage.info(stage.deploy())
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "INVALID_LAMBDA_CONFIGURATION")
    assert stage.functions.moves == []


def test_a_lambda_deployment_waits_for_nobody_to_continue_it(stage: Stage) -> None:
    deployment = stage.create()
    code = refusal(stage.codedeploy.continue_deployment, deploymentId=deployment)
    assert code == "UnsupportedActionForDeploymentTypeException"
