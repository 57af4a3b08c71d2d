"""The release that is under way, as CodeDeploy and the alias tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.local.codedeploy.errors import CodeDeployError
from ops.local.resources import PREFIX

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from ops.local.codedeploy.api import CodeDeploy

__all__ = ["Release", "under_way"]


@dataclass(frozen=True, slots=True)
class Release:
    """Versions of notify by their part of the traffic in percent, and the last deployment's state, if there was one."""

    versions: tuple[tuple[str, int], ...]
    deployment: str | None
    status: str | None

    @property
    def shifting(self) -> bool:
        """Whether two versions share the traffic."""
        return len(self.versions) > 1


def under_way(functions: LambdaClient, codedeploy: CodeDeploy) -> Release:
    """Where the alias of notify sends its traffic now."""
    alias = functions.get_alias(FunctionName=f"{PREFIX}-notify", Name="live")
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    rest = 100 - round(sum(weights.values()) * 100)
    versions = ((alias["FunctionVersion"], rest), *((name, round(weight * 100)) for name, weight in weights.items()))
    deployment, status = _last(codedeploy)
    return Release(versions, deployment, status)


def _last(codedeploy: CodeDeploy) -> tuple[str | None, str | None]:
    try:
        found = codedeploy.play("ListDeployments", {"applicationName": PREFIX, "deploymentGroupName": PREFIX})
        if not found["deployments"]:
            return None, None
        told = codedeploy.play("GetDeployment", {"deploymentId": found["deployments"][0]})["deploymentInfo"]
    except CodeDeployError:  # no application yet
        return None, None
    return told["deploymentId"], told["status"]
