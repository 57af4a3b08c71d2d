"""Deployment groups of Lambda applications.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeploymentGroup.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_UpdateDeploymentGroup.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from laptop.codedeploy.errors import CodeDeployError
from laptop.codedeploy.registry.configs import check_alarms, check_rollback

__all__ = ["Groups"]

#: The settings of a deployment group for Lambda, besides its names.
SETTINGS = (
    "deploymentConfigName",
    "serviceRoleArn",
    "deploymentStyle",
    "alarmConfiguration",
    "autoRollbackConfiguration",
    "triggerConfigurations",
    "outdatedInstancesStrategy",
)
STYLE = {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"}
MOST_TRIGGERS = 10


class Groups:
    """The deployment groups by application and name."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], dict[str, Any]] = {}

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`CreateDeploymentGroup`; the caller has checked that application and configuration exist."""
        application, name = _read_names(request)
        if (application, name) in self._groups:
            raise CodeDeployError("DeploymentGroupAlreadyExistsException", f"The group {name} already exists.")
        group = {
            "deploymentGroupId": str(uuid.uuid4()),
            "applicationName": application,
            "deploymentGroupName": name,
            "computePlatform": "Lambda",
            "deploymentConfigName": "CodeDeployDefault.LambdaAllAtOnce",
            "outdatedInstancesStrategy": "UPDATE",
        }
        self._groups[application, name] = _set(group, request)
        return {"deploymentGroupId": group["deploymentGroupId"]}

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetDeploymentGroup`."""
        return {"deploymentGroupInfo": self._get(*_read_names(request))}

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListDeploymentGroups`, in one page."""
        application = str(request["applicationName"])
        names = sorted(name for owner, name in self._groups if owner == application)
        return {"applicationName": application, "deploymentGroups": names}

    def update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`UpdateDeploymentGroup`: settings that are not in the request stay; a new name renames the group."""
        application, old = str(request["applicationName"]), str(request["currentDeploymentGroupName"])
        new = str(request.get("newDeploymentGroupName") or old)
        if new != old and (application, new) in self._groups:
            raise CodeDeployError("DeploymentGroupAlreadyExistsException", f"The group {new} already exists.")
        group = _set(self._get(application, old) | {"deploymentGroupName": new}, request)
        del self._groups[application, old]
        self._groups[application, new] = group
        return {"hooksNotCleanedUp": []}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`DeleteDeploymentGroup`; deleting one that does not exist is not an error."""
        self._groups.pop(_read_names(request), None)
        return {"hooksNotCleanedUp": []}

    def delete_all(self, application: str) -> None:
        """Delete all groups of an application that is being deleted."""
        for key in [key for key in self._groups if key[0] == application]:
            del self._groups[key]

    def rename_application(self, old: str, new: str) -> None:
        """Move the groups of a renamed application to its new name."""
        for owner, name in [key for key in self._groups if key[0] == old]:
            self._groups[new, name] = self._groups.pop((owner, name)) | {"applicationName": new}

    def uses(self, config: str) -> bool:
        """Return whether any group uses this configuration."""
        return any(group["deploymentConfigName"] == config for group in self._groups.values())

    def _get(self, application: str, name: str) -> dict[str, Any]:
        if (application, name) not in self._groups:
            raise CodeDeployError("DeploymentGroupDoesNotExistException", f"No Deployment Group found for name: {name}")
        return self._groups[application, name]


def _read_names(request: Mapping[str, Any]) -> tuple[str, str]:
    return str(request["applicationName"]), str(request["deploymentGroupName"])


def _set(group: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the group updated by the request, and checked; empty settings are dropped."""
    changes = {setting: request[setting] for setting in SETTINGS if setting in request}
    merged = {**group, **changes}
    _check(merged)
    return {name: value for name, value in merged.items() if value not in ([], {}, None, "")}


def _check(group: Mapping[str, Any]) -> None:
    if not str(group.get("serviceRoleArn", "")).startswith("arn:"):
        raise CodeDeployError("RoleRequiredException", "A deployment group needs the ARN of a service role.")
    if group.get("deploymentStyle") != STYLE:
        raise CodeDeployError(
            "InvalidDeploymentStyleException", "Lambda deploys BLUE_GREEN and WITH_TRAFFIC_CONTROL, nothing else."
        )
    check_alarms(group.get("alarmConfiguration") or {})
    check_rollback(group.get("autoRollbackConfiguration") or {})
    if len(group.get("triggerConfigurations") or ()) > MOST_TRIGGERS:
        raise CodeDeployError("TriggerTargetsLimitExceededException", f"A group has at most {MOST_TRIGGERS} triggers.")
