"""Creates what a release needs, as infra/modules/notifier does: CodeDeploy's application and group, and alarms."""

from __future__ import annotations

from typing import Any

from laptop.clients import LaptopClients
from laptop.environment import ACCOUNT, REGION
from laptop.resources import PREFIX

__all__ = ["CONFIG", "RELEASE_ALARMS", "make_deployment"]

CONFIG = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
_EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]

#: The alarms that CodeDeploy watches in every deployment, by name without the prefix. They do not depend on a version.
RELEASE_ALARMS: dict[str, dict[str, Any]] = {
    "notify-errors": {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [
            {"Name": "FunctionName", "Value": f"{PREFIX}-notify"},
            {"Name": "Resource", "Value": f"{PREFIX}-notify:live"},
        ],
        "Period": 60,
    },
    "feedback-errors": {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [
            {"Name": "FunctionName", "Value": f"{PREFIX}-feedback"},
            {"Name": "Resource", "Value": f"{PREFIX}-feedback:live"},
        ],
        "Period": 300,
    },
    "unknown-outcomes": {
        "Namespace": "Herald",
        "MetricName": "Unknown",
        "Dimensions": [{"Name": "Service", "Value": f"{PREFIX}-notify"}],
        "Period": 300,
    },
}


def make_deployment(clients: LaptopClients) -> None:
    """Create the CodeDeploy application, its deployment group, and the alarms that the group watches."""
    cloudwatch = clients.make_client("cloudwatch")
    for name, alarm in RELEASE_ALARMS.items():
        cloudwatch.put_metric_alarm(
            AlarmName=f"{PREFIX}-{name}",
            Statistic="Sum",
            EvaluationPeriods=1,
            Threshold=1.0,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            TreatMissingData="notBreaching",
            **alarm,
        )
    codedeploy = clients.make_client("codedeploy")
    codedeploy.create_application(applicationName=PREFIX, computePlatform="Lambda")
    codedeploy.create_deployment_group(
        applicationName=PREFIX,
        deploymentGroupName=PREFIX,
        serviceRoleArn=f"arn:aws:iam::{ACCOUNT}:role/{PREFIX}-{REGION}-deployer",
        deploymentConfigName=CONFIG,
        deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        alarmConfiguration={"enabled": True, "alarms": [{"name": f"{PREFIX}-{name}"} for name in RELEASE_ALARMS]},
        autoRollbackConfiguration={"enabled": True, "events": _EVENTS},
    )
