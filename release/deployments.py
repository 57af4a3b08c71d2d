"""CodeDeploy's deployments of this Herald: creates them, finds running and ended ones, and reads their state."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml
from botocore.exceptions import ClientError

from function.canary.deployment_description import Companion, read_companions
from release.release_context import ReleaseContext

__all__ = ["ENDED", "UNDER_WAY", "Deployment", "create", "find_baking", "find_running", "list_ended", "read"]

#: The statuses by which ListDeployments is documented to filter; it refuses others.
#: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeployments.html
UNDER_WAY = ("Created", "Queued", "InProgress")
ENDED = ("Succeeded", "Failed", "Stopped")
_BATCH = 25
_HOOKED = ("BeforeAllowTraffic", "AfterAllowTraffic")
_NEVER = datetime.min.replace(tzinfo=UTC)
_NOT_STARTED = "DeploymentNotStartedException"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment: from which version to which, its status, why it ended, and the deployment that rolls it back.

    `current` and `target` are `?` if the deployment is not of one Lambda function. `rollback_message` is CodeDeploy's
    message about the rollback, for example that there is nothing to roll back to. `stages` are the lifecycle events
    with their status, empty before it has started; traffic moves from `shifts_since` to `shifted`. `companions` are
    the functions that move with it, with their versions before and after.
    """

    id: str
    current: str
    target: str
    status: str
    error: tuple[str, str] | None = None
    rollback: str | None = None
    rollback_message: str = ""
    is_rollback: bool = False
    auto_rollback: bool = False
    stages: Mapping[str, str] = field(default_factory=dict)
    shifts_since: datetime | None = None
    shifted: datetime | None = None
    companions: Sequence[Companion] = ()
    created: datetime = _NEVER
    completed: datetime | None = None

    @property
    def tried(self) -> bool:
        """Whether it was a release, in which a hook ran; `herald rollback` deploys without hooks."""
        return not self.is_rollback and any(
            status not in ("Pending", "Skipped") for event, status in self.stages.items() if event in _HOOKED
        )

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self.status in ENDED

    @property
    def served(self) -> frozenset[str]:
        """The versions that certainly got all traffic at some time."""
        before = frozenset() if self.is_rollback else frozenset({self.current})
        return before | ({self.target} if self.status == "Succeeded" else frozenset())


def create(
    context: ReleaseContext,
    revision: Mapping[str, Any],
    config: str,
    description: str,
    alarms: list[str],
    auto_rollback: bool = True,
) -> str:
    """Start a deployment that watches these alarms and no others; return its id."""
    events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
    watched = {"enabled": bool(alarms), "alarms": [{"name": name} for name in alarms]}
    request: dict[str, Any] = {
        "applicationName": context.names.group,
        "deploymentGroupName": context.names.group,
        "revision": revision,
        "deploymentConfigName": config,
        "description": description,
        "overrideAlarmConfiguration": watched | {"ignorePollAlarmFailure": False},
        "autoRollbackConfiguration": {"enabled": True, "events": events} if auto_rollback else {"enabled": False},
    }
    return context.codedeploy.create_deployment(**request)["deploymentId"]


def read(context: ReleaseContext, deployment: str) -> Deployment:
    """Read the state of a deployment."""
    return _read_deployment(context, context.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"])


def find_running(context: ReleaseContext) -> Deployment | None:
    """The deployment under way in the group, if any: CodeDeploy allows no second."""
    found = (one for one in _list(context, UNDER_WAY) if not one.has_ended)
    return next(found, None)


def list_ended(context: ReleaseContext) -> Iterator[Deployment]:
    """The deployments that ended, the newest first, as many as CodeDeploy keeps. Each is read when it is needed."""
    return _list(context, ENDED)


def find_baking(context: ReleaseContext, version: str, bake: float, longest: float) -> Deployment | None:
    """The last deployment, if it released this version less than `bake` seconds ago.

    CodeDeploy may leave out when a deployment was complete. Then it counts as if it had taken `longest` seconds: baking
    twice costs time, and not baking would leave it unwatched.
    """
    last = next(list_ended(context), None) if bake else None
    if not (last and last.tried and last.status == "Succeeded" and last.target == version):
        return None
    ended = last.completed.timestamp() if last.completed else last.created.timestamp() + longest
    return last if time.time() - ended < bake else None


def _list(context: ReleaseContext, statuses: tuple[Any, ...]) -> Iterator[Deployment]:
    """List deployments, the newest first: ListDeployments promises no order, so they are sorted by creation time."""
    pages = context.codedeploy.get_paginator("list_deployments").paginate(
        applicationName=context.names.group, deploymentGroupName=context.names.group, includeOnlyStatuses=[*statuses]
    )
    ids = [one for page in pages for one in page.get("deployments", [])]
    infos: list[Any] = []
    for start in range(0, len(ids), _BATCH):
        answer = context.codedeploy.batch_get_deployments(deploymentIds=ids[start : start + _BATCH])
        infos += answer.get("deploymentsInfo", [])
    for info in sorted(infos, key=lambda info: info["createTime"], reverse=True):
        yield _read_deployment(context, info)


def _read_deployment(context: ReleaseContext, info: Mapping[str, Any]) -> Deployment:
    target = _read_target(context, info["deploymentId"])
    events: list[Any] = target.get("lifecycleEvents") or []
    error, rollback = info.get("errorInformation"), info.get("rollbackInfo") or {}
    current, wanted = _read_versions(context, target, info)
    moving: Mapping[str, Any] = next((one for one in events if one["lifecycleEventName"] == "AllowTraffic"), {})
    return Deployment(
        id=info["deploymentId"],
        current=current,
        target=wanted,
        status=info["status"],
        error=(error.get("code", ""), error.get("message", "")) if error else None,
        rollback=rollback.get("rollbackDeploymentId"),
        rollback_message=rollback.get("rollbackMessage", ""),
        is_rollback=info.get("creator") == "codeDeployRollback",
        auto_rollback=bool((info.get("autoRollbackConfiguration") or {}).get("enabled")),
        stages={event["lifecycleEventName"]: event["status"] for event in events},
        shifts_since=moving.get("startTime"),
        shifted=moving.get("endTime"),
        created=info["createTime"],
        completed=info.get("completeTime"),
        companions=read_companions(info.get("description") or "", context.names.notify),
    )


def _read_target(context: ReleaseContext, deployment: str) -> Mapping[str, Any]:
    """The one `LambdaTarget` of a deployment; empty if it has not started, or has none."""
    codedeploy = context.codedeploy
    try:
        ids = codedeploy.list_deployment_targets(deploymentId=deployment).get("targetIds", [])
        found: Any = codedeploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=ids) if ids else {}
    except ClientError as error:
        if error.response["Error"]["Code"] != _NOT_STARTED:
            raise
        return {}
    return next((one["lambdaTarget"] for one in found.get("deploymentTargets", []) if "lambdaTarget" in one), {})


def _read_versions(context: ReleaseContext, target: Mapping[str, Any], info: Mapping[str, Any]) -> tuple[str, str]:
    """Current and target version: from the deployment's target, else from the AppSpec, which is fetched by its hash."""
    function = target.get("lambdaFunctionInfo") or {}
    if "currentVersion" in function and "targetVersion" in function:
        return function["currentVersion"], function["targetVersion"]
    try:
        (resource,) = (each for named in _read_appspec(context, info)["resources"] for each in named.values())
        return str(resource["properties"]["currentversion"]), str(resource["properties"]["targetversion"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "?", "?"


def _read_appspec(context: ReleaseContext, info: Mapping[str, Any]) -> Any:
    """The AppSpec of a deployment, in JSON or YAML. GetDeployment leaves out its content, so it is fetched by its hash.

    Its keys are converted to lower case, because AWS's own pages write them in two ways.
    """
    try:
        answer = context.codedeploy.get_application_revision(
            applicationName=context.names.group, revision=info["revision"]
        )
    except context.codedeploy.exceptions.RevisionDoesNotExistException:
        return {}
    revision: Mapping[str, Any] = answer["revision"]
    text = (revision.get("string") or revision.get("appSpecContent") or {}).get("content", "")
    try:
        return _lower_keys(yaml.safe_load(text))  # JSON is YAML
    except yaml.YAMLError:
        return {}


def _lower_keys(value: Any) -> Any:
    match value:
        case dict():
            return {str(key).lower(): _lower_keys(member) for key, member in value.items()}
        case list():
            return [_lower_keys(member) for member in value]
    return value
