"""Reads how traffic moves: CodeDeploy's configurations, by a short word or by their own names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from operations.errors import UsageError
from release.release_context import ReleaseContext

__all__ = ["WORDS", "compute_first_step", "compute_minutes", "read_config"]

#: https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
WORDS = {
    "canary": "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    "linear": "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
    "all-at-once": "CodeDeployDefault.LambdaAllAtOnce",
}


def read_config(context: ReleaseContext, strategy: str | None) -> tuple[str, Mapping[str, Any]]:
    """A deployment configuration's name and its traffic routing; the group's own if none is named.

    Raises `UserError` if there is no such configuration.
    """
    names = context.names
    if strategy is None:
        group = context.codedeploy.get_deployment_group(applicationName=names.group, deploymentGroupName=names.group)
        strategy = group["deploymentGroupInfo"]["deploymentConfigName"]
    config = WORDS.get(strategy, strategy)
    try:
        info: Mapping[str, Any] = context.codedeploy.get_deployment_config(deploymentConfigName=config)[
            "deploymentConfigInfo"
        ]
    except (
        context.codedeploy.exceptions.DeploymentConfigDoesNotExistException,
        context.codedeploy.exceptions.InvalidDeploymentConfigNameException,
    ):
        words = ", ".join(WORDS)
        raise UsageError(
            f"there is no strategy {strategy}: say {words}, or the name of one of CodeDeploy's configurations"
        ) from None
    return config, info.get("trafficRoutingConfig") or {"type": "AllAtOnce"}


def compute_minutes(routing: Mapping[str, Any]) -> float:
    """Minutes from the first shift of traffic to the last."""
    match routing:
        case {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryInterval": interval}}:
            return float(interval)
        case {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": percent, "linearInterval": interval}}:
            return float(interval) * (-(-100 // int(percent)) - 1)
    return 0.0


def compute_first_step(routing: Mapping[str, Any]) -> float:
    """Minutes from the first shift of traffic to the second; 0 if there is none."""
    match routing:
        case {"type": "TimeBasedLinear", "timeBasedLinear": {"linearInterval": interval}}:
            return float(interval)
    return compute_minutes(routing)
