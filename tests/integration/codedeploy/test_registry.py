"""The CodeDeploy simulator keeps what Terraform gives it and answers in the shapes of the service model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.exceptions import ClientError

from laptop.codedeploy.registry.configs import PREDEFINED
from laptop.model_validation import list_violations
from tests.integration.codedeploy.model import errors

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient

#: All that the simulator says is looked at.
pytestmark = pytest.mark.exact

APPLICATION = "arn:aws:codedeploy:us-east-1:000000000000:application:herald"
GROUP: dict[str, Any] = {
    "applicationName": "herald",
    "deploymentGroupName": "notify",
    "deploymentConfigName": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "serviceRoleArn": "arn:aws:iam::000000000000:role/deployer",
    "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    "alarmConfiguration": {"enabled": True, "ignorePollAlarmFailure": False, "alarms": [{"name": "errors"}]},
    "autoRollbackConfiguration": {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]},
}


@pytest.fixture
def application(codedeploy: CodeDeployClient) -> CodeDeployClient:
    codedeploy.create_application(
        applicationName="herald", computePlatform="Lambda", tags=[{"Key": "ReleaseContext", "Value": "herald"}]
    )
    return codedeploy


@pytest.fixture
def group(application: CodeDeployClient) -> CodeDeployClient:
    application.create_deployment_group(**GROUP)
    return application


def refusal(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**request)
    return str(raised.value.response["Error"]["Code"])


def test_a_group_comes_back_as_it_was_given(group: CodeDeployClient) -> None:
    info = group.get_deployment_group(applicationName="herald", deploymentGroupName="notify")["deploymentGroupInfo"]
    assert {name: info[name] for name in GROUP} == GROUP  # type: ignore[literal-required]
    assert info["computePlatform"] == "Lambda"


def test_what_was_given_empty_is_absent(application: CodeDeployClient) -> None:
    application.create_deployment_group(**GROUP, triggerConfigurations=[], loadBalancerInfo={})
    info = application.get_deployment_group(applicationName="herald", deploymentGroupName="notify")
    assert not {"triggerConfigurations", "loadBalancerInfo"} & info["deploymentGroupInfo"].keys()


def test_an_update_changes_what_it_names_and_keeps_the_rest(group: CodeDeployClient) -> None:
    group.update_deployment_group(
        applicationName="herald",
        currentDeploymentGroupName="notify",
        newDeploymentGroupName="mail",
        alarmConfiguration={"enabled": False},
    )
    info = group.get_deployment_group(applicationName="herald", deploymentGroupName="mail")["deploymentGroupInfo"]
    assert info["alarmConfiguration"] == {"enabled": False}
    assert info["autoRollbackConfiguration"] == GROUP["autoRollbackConfiguration"]
    assert group.list_deployment_groups(applicationName="herald")["deploymentGroups"] == ["mail"]


def test_groups_follow_a_renamed_application_and_go_with_a_deleted_one(group: CodeDeployClient) -> None:
    group.update_application(applicationName="herald", newApplicationName="mail")
    assert group.list_deployment_groups(applicationName="mail")["deploymentGroups"] == ["notify"]
    group.delete_application(applicationName="mail")
    group.create_application(applicationName="mail", computePlatform="Lambda")
    assert group.list_deployment_groups(applicationName="mail")["deploymentGroups"] == []


def test_tags_are_added_listed_and_removed(application: CodeDeployClient) -> None:
    application.tag_resource(ResourceArn=APPLICATION, Tags=[{"Key": "Application", "Value": "herald"}])
    application.untag_resource(ResourceArn=APPLICATION, TagKeys=["ReleaseContext"])
    tags = application.list_tags_for_resource(ResourceArn=APPLICATION)["Tags"]
    assert tags == [{"Key": "Application", "Value": "herald"}]


def test_a_configuration_of_ones_own_is_kept_while_a_group_uses_it(application: CodeDeployClient) -> None:
    canary = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 5, "canaryInterval": 2}}
    application.create_deployment_config(
        deploymentConfigName="slow",
        computePlatform="Lambda",
        trafficRoutingConfig=canary,  # type: ignore[arg-type]
    )
    info = application.get_deployment_config(deploymentConfigName="slow")["deploymentConfigInfo"]
    assert info["trafficRoutingConfig"] == canary
    application.create_deployment_group(**GROUP | {"deploymentConfigName": "slow"})
    assert (
        refusal(application.delete_deployment_config, deploymentConfigName="slow") == "DeploymentConfigInUseException"
    )
    application.delete_deployment_group(applicationName="herald", deploymentGroupName="notify")
    application.delete_deployment_config(deploymentConfigName="slow")
    assert refusal(application.get_deployment_config, deploymentConfigName="slow") == (
        "DeploymentConfigDoesNotExistException"
    )


def test_every_predefined_lambda_configuration_is_there(codedeploy: CodeDeployClient) -> None:
    assert codedeploy.list_deployment_configs()["deploymentConfigsList"] == sorted(PREDEFINED)
    assert len(PREDEFINED) == 9


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"applicationName": "nobody"}, "ApplicationDoesNotExistException"),
        ({"deploymentConfigName": "none"}, "DeploymentConfigDoesNotExistException"),
        ({"serviceRoleArn": "deployer"}, "RoleRequiredException"),
        (
            {"deploymentStyle": {"deploymentType": "IN_PLACE", "deploymentOption": "WITH_TRAFFIC_CONTROL"}},
            "InvalidDeploymentStyleException",
        ),
        ({"alarmConfiguration": {"enabled": True, "alarms": []}}, "InvalidAlarmConfigException"),
        (
            {"alarmConfiguration": {"enabled": True, "alarms": [{"name": str(n)} for n in range(11)]}},
            "AlarmsLimitExceededException",
        ),
        ({"autoRollbackConfiguration": {"enabled": True, "events": []}}, "InvalidAutoRollbackConfigException"),
    ],
)
def test_a_wrong_group_is_refused(application: CodeDeployClient, change: dict[str, Any], code: str) -> None:
    assert refusal(application.create_deployment_group, **GROUP | change) == code
    assert code in errors("CreateDeploymentGroup")


@pytest.mark.parametrize(("percent", "minutes"), [(0, 5), (100, 5), (10, 0), (10, 2881)])
def test_an_impossible_canary_is_refused(codedeploy: CodeDeployClient, percent: int, minutes: int) -> None:
    routing = {
        "type": "TimeBasedCanary",
        "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes},
    }
    code = refusal(
        codedeploy.create_deployment_config,
        deploymentConfigName="mine",
        computePlatform="Lambda",
        trafficRoutingConfig=routing,
    )
    assert code == "InvalidTrafficRoutingConfigurationException"


def test_names_are_taken_once(group: CodeDeployClient) -> None:
    assert refusal(group.create_deployment_group, **GROUP) == "DeploymentGroupAlreadyExistsException"
    again = {"applicationName": "herald", "computePlatform": "Lambda"}
    assert refusal(group.create_application, **again) == "ApplicationAlreadyExistsException"


def test_what_is_not_played_is_refused_and_passed_on_to_nobody(codedeploy: CodeDeployClient) -> None:
    assert refusal(codedeploy.list_on_premises_instances) == "UnknownOperationException"


def test_every_answer_has_the_shape_of_the_service_model(group: CodeDeployClient, endpoint: str) -> None:
    for operation, request in {
        "GetApplication": {"applicationName": "herald"},
        "ListApplications": {},
        "GetDeploymentGroup": {"applicationName": "herald", "deploymentGroupName": "notify"},
        "ListDeploymentGroups": {"applicationName": "herald"},
        "GetDeploymentConfig": {"deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce"},
        "ListDeploymentConfigs": {},
        "ListTagsForResource": {"ResourceArn": APPLICATION},
        "DeleteDeploymentGroup": {"applicationName": "herald", "deploymentGroupName": "notify"},
    }.items():
        target = {"X-Amz-Target": f"CodeDeploy_20141006.{operation}"}
        answer = httpx.post(endpoint, content=json.dumps(request), headers=target).json()
        assert list_violations("codedeploy", operation, answer) == []


def test_a_request_that_the_model_does_not_allow_is_refused(endpoint: str) -> None:
    for operation, body in {"GetApplication": "{}", "CreateApplication": '{"applicationName": 3}'}.items():
        target = {"X-Amz-Target": f"CodeDeploy_20141006.{operation}"}
        answer = httpx.post(endpoint, content=body, headers=target)
        assert (answer.status_code, answer.json()["__type"]) == (400, "InvalidInputException")
