"""One deployment, as it stands, and how CodeDeploy describes it.

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
#: The lifecycle of a Lambda deployment; only the two hooks can be given to functions.
EVENTS = ("Start", BEFORE, "AllowTraffic", AFTER, "End")


@dataclass(frozen=True, slots=True)
class DeploymentRequest:
    """What was asked for; it does not change.

    `routing`, `alarms` and `rollback` are the configurations that count: the deployment's own, else its group's.
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
    #: What only repeats the request: its description, its own alarms, the revision that is live.
    echoed: Mapping[str, Any] = field(default_factory=dict)
    #: The deployment that this one rolls back.
    rollback_of: str | None = None


@dataclass(slots=True)
class SimulatedDeployment:
    """Where one deployment stands. `weight` is what the target version gets, in percent; times are epoch seconds."""

    request: DeploymentRequest
    created: float
    status: Status = "Created"
    started: float | None = None
    completed: float | None = None
    weight: float = 0.0
    error: tuple[str, str] | None = None
    stopping: bool = False
    #: Whether the call that stopped it asked for a rollback; None leaves that to the configuration.
    stop_and_roll_back: bool | None = None
    rolled_back_by: str | None = None
    #: Why nothing rolls it back, although that is configured.
    rollback_message: str | None = None
    events: list[LifecycleEvent] = field(default_factory=lambda: [LifecycleEvent(name) for name in EVENTS])

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED

    def event(self, name: str) -> LifecycleEvent:
        """One event of its lifecycle."""
        return next(event for event in self.events if event.name == name)

    def info(self) -> dict[str, Any]:
        """`DeploymentInfo`."""
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
        """`DeploymentTarget`."""
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
