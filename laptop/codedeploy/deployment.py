"""The state of one deployment, and how CodeDeploy describes it.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_DeploymentInfo.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_LambdaTarget.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from laptop.codedeploy.appspec import AFTER, BEFORE, AppSpec, drop_content
from laptop.codedeploy.lifecycle import LifecycleEvent
from laptop.environment import ACCOUNT, REGION

__all__ = ["ENDED", "EVENTS", "DeploymentRequest", "SimulatedDeployment", "Status"]

Status = Literal["Created", "Queued", "InProgress", "Succeeded", "Failed", "Stopped"]
ENDED = ("Succeeded", "Failed", "Stopped")
#: The lifecycle events of a Lambda deployment; only the two hooks can be assigned to functions.
EVENTS = ("Start", BEFORE, "AllowTraffic", AFTER, "End")


@dataclass(frozen=True, slots=True)
class DeploymentRequest:
    """The immutable request for a deployment.

    `routing`, `alarms` and `rollback` are the effective configurations: the deployment's own, otherwise its group's.
    """

    id: str
    application: str
    group: str
    config: str
    routing: Mapping[str, Any]
    appspec: AppSpec
    revision: Mapping[str, Any]
    alarms: Mapping[str, Any] = field(default_factory=dict)
    rollback: Mapping[str, Any] = field(default_factory=dict)
    #: Members that are only repeated in descriptions: the description, the deployment's own alarms, the previous
    #: revision.
    echoed: Mapping[str, Any] = field(default_factory=dict)
    #: The id of the deployment that this one rolls back.
    rollback_of: str | None = None


@dataclass(slots=True)
class SimulatedDeployment:
    """The state of one deployment. `weight` is the target version's share in percent; times are in epoch seconds."""

    request: DeploymentRequest
    created: float
    status: Status = "Created"
    started: float | None = None
    completed: float | None = None
    weight: float = 0.0
    error: tuple[str, str] | None = None
    stopping: bool = False
    #: Whether StopDeployment requested a rollback; None leaves that to the configuration.
    stop_and_roll_back: bool | None = None
    rolled_back_by: str | None = None
    #: Why it is not rolled back, although rollback is configured.
    rollback_message: str | None = None
    events: list[LifecycleEvent] = field(default_factory=lambda: [LifecycleEvent(name) for name in EVENTS])

    @property
    def has_ended(self) -> bool:
        """Whether the deployment has ended."""
        return self.status in ENDED

    def event(self, name: str) -> LifecycleEvent:
        """Return the lifecycle event of this name."""
        return next(event for event in self.events if event.name == name)

    def info(self) -> dict[str, Any]:
        """Return the deployment as `DeploymentInfo`."""
        request = self.request
        times = {"createTime": self.created, "startTime": self.started, "completeTime": self.completed}
        return {
            "applicationName": request.application,
            "deploymentGroupName": request.group,
            "deploymentConfigName": request.config,
            "deploymentId": request.id,
            "revision": drop_content(request.revision),
            **request.echoed,
            "status": self.status,
            **({"errorInformation": {"code": self.error[0], "message": self.error[1]}} if self.error else {}),
            **{name: moment for name, moment in times.items() if moment is not None},
            "deploymentOverview": self._count_by_status(),
            "creator": "codeDeployRollback" if request.rollback_of else "user",
            "ignoreApplicationStopFailures": False,
            "updateOutdatedInstancesOnly": False,
            "autoRollbackConfiguration": dict(request.rollback),
            **self._describe_rollback(),
            "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            "instanceTerminationWaitTimeStarted": False,
            "deploymentStatusMessages": [],
            "computePlatform": "Lambda",
        }

    def target(self) -> dict[str, Any]:
        """Return the deployment's target as `DeploymentTarget`."""
        appspec = self.request.appspec
        last = max([self.created, *(moment for event in self.events for moment in event.list_times())])
        target = {
            "deploymentId": self.request.id,
            "targetId": appspec.function,
            "targetArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{appspec.function}",
            "status": self._compute_target_status(),
            "lastUpdatedAt": last,
            "lifecycleEvents": [event.describe() for event in self.events],
            "lambdaFunctionInfo": {
                "functionName": appspec.function,
                "functionAlias": appspec.alias,
                "currentVersion": appspec.current,
                "targetVersion": appspec.target,
                "targetVersionWeight": self.weight,
            },
        }
        return {"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}

    def _compute_target_status(self) -> str:
        match self.status:
            case "Created" | "Queued":
                return "Pending"
            case "Stopped":
                return "Failed"
            case status:
                return status

    def _count_by_status(self) -> dict[str, int]:
        states = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")
        return {state: int(state == self._compute_target_status()) for state in states}

    def _describe_rollback(self) -> dict[str, Any]:
        if self.request.rollback_of:
            return {"rollbackInfo": {"rollbackTriggeringDeploymentId": self.request.rollback_of}}
        known = {"rollbackDeploymentId": self.rolled_back_by, "rollbackMessage": self.rollback_message}
        info = {name: value for name, value in known.items() if value}
        return {"rollbackInfo": info} if info else {}
