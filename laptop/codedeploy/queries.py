"""The read-only operations on deployments.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeployments.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_BatchGetDeploymentTargets.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.utils import parse_timestamp

from laptop.codedeploy.deployment import ENDED, SimulatedDeployment
from laptop.codedeploy.deployments import Deployments
from laptop.codedeploy.errors import CodeDeployError

__all__ = ["Queries"]

#: The statuses by which ListDeployments can filter according to its documentation: not all that a deployment can have.
STATUSES = ("Created", "Queued", "InProgress", *ENDED)
MOST = 25


class Queries:
    """Describes deployments."""

    def __init__(self, deployments: Deployments) -> None:
        self._deployments = deployments

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetDeployment`."""
        return {"deploymentInfo": self._deployments.get(str(request["deploymentId"])).info()}

    def batch(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`BatchGetDeployments`; ids that do not exist are left out."""
        wanted = _limit_count(request["deploymentIds"], "BatchLimitExceededException")
        return {"deploymentsInfo": [one.info() for one in self._deployments if one.request.id in wanted]}

    def list_deployments(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListDeployments`, in one page. AWS promises no order, so the result is sorted by the random ids."""
        statuses = request.get("includeOnlyStatuses") or STATUSES
        if not set(statuses) <= set(STATUSES):
            raise CodeDeployError("InvalidDeploymentStatusException", f"The statuses are {', '.join(STATUSES)}.")
        start, end = _read_range(request.get("createTimeRange") or {})
        return {
            "deployments": sorted(
                one.request.id
                for one in self._deployments
                if one.request.application == request.get("applicationName", one.request.application)
                and one.request.group == request.get("deploymentGroupName", one.request.group)
                and one.status in statuses
                and start <= one.created <= end
                and not request.get("externalId")  # only CloudFormation sets one
            )
        }

    def target(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetDeploymentTarget`."""
        return {"deploymentTarget": self._describe_targets(request, [request["targetId"]])[0]}

    def targets(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`BatchGetDeploymentTargets`."""
        wanted = _limit_count(request["targetIds"], "DeploymentTargetListSizeExceededException")
        return {"deploymentTargets": self._describe_targets(request, wanted)}

    def list_targets(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListDeploymentTargets`: the function's name, the only target."""
        return {"targetIds": [self._require_started(request).request.appspec.function]}

    def _describe_targets(self, request: Mapping[str, Any], wanted: list[str]) -> list[dict[str, Any]]:
        deployment = self._require_started(request)
        function = deployment.request.appspec.function
        if set(wanted) != {function}:
            raise CodeDeployError("DeploymentTargetDoesNotExistException", f"The one target is {function}.")
        return [deployment.target()]

    def _require_started(self, request: Mapping[str, Any]) -> SimulatedDeployment:
        deployment = self._deployments.get(str(request["deploymentId"]))
        if deployment.status in ("Created", "Queued"):
            raise CodeDeployError("DeploymentNotStartedException", f"{deployment.request.id} has not started.")
        return deployment


def _limit_count(names: list[str], code: str) -> list[str]:
    if len(names) > MOST:
        raise CodeDeployError(code, f"At most {MOST} at a time.")
    return names


def _read_range(times: Mapping[str, Any]) -> tuple[float, float]:
    start = parse_timestamp(times["start"]).timestamp() if times.get("start") else float("-inf")
    end = parse_timestamp(times["end"]).timestamp() if times.get("end") else float("inf")
    if start > end:
        raise CodeDeployError("InvalidTimeRangeException", "The start of the range is not after its end.")
    return start, end
