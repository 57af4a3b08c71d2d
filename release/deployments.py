"""CodeDeploy's deployments of this Herald: those under way, those that were, and how one stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from release.stack import Stack

__all__ = ["ENDED", "UNDER_WAY", "Deployment", "create", "history", "read", "running"]

#: Every status in the service model; `Baking` watches on, `Ready` waits for a person, as no Lambda deployment does.
UNDER_WAY = ("Created", "Queued", "InProgress", "Baking", "Ready")
ENDED = ("Succeeded", "Failed", "Stopped")
_BATCH = 25


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment: from which version to which, where it stands, why it ended, and what takes it back."""

    id: str
    current: str
    target: str
    status: str
    error: tuple[str, str] | None = None
    rollback: str | None = None
    is_rollback: bool = False
    auto_rollback: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ENDED

    @property
    def served(self) -> frozenset[str]:
        """The versions that certainly got all traffic at some time."""
        before = frozenset() if self.is_rollback else frozenset({self.current})
        return before | ({self.target} if self.status == "Succeeded" else frozenset())


def create(
    stack: Stack,
    revision: Mapping[str, Any],
    config: str,
    description: str,
    alarms: list[str],
    auto_rollback: bool = True,
) -> str:
    """Start a deployment that watches these alarms and no others; its id."""
    events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
    watched = {"enabled": bool(alarms), "alarms": [{"name": name} for name in alarms]}
    request: dict[str, Any] = {
        "applicationName": stack.names.group,
        "deploymentGroupName": stack.names.group,
        "revision": revision,
        "deploymentConfigName": config,
        "description": description[:256],
        "overrideAlarmConfiguration": watched | {"ignorePollAlarmFailure": False},
        "autoRollbackConfiguration": {"enabled": True, "events": events} if auto_rollback else {"enabled": False},
    }
    return stack.codedeploy.create_deployment(**request)["deploymentId"]


def read(stack: Stack, deployment: str) -> Deployment:
    """How one deployment stands."""
    return _deployment(stack.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"])


def running(stack: Stack) -> Deployment | None:
    """The one that is under way in the group, if any: CodeDeploy allows no second."""
    found = [one for one in _listed(stack, UNDER_WAY) if not one.ended]
    return found[0] if found else None


def history(stack: Stack) -> Iterator[Deployment]:
    """Those that ended, the newest first; as many as CodeDeploy keeps."""
    return _listed(stack, ENDED)


def _listed(stack: Stack, statuses: tuple[Any, ...]) -> Iterator[Deployment]:
    pages = stack.codedeploy.get_paginator("list_deployments").paginate(
        applicationName=stack.names.group, deploymentGroupName=stack.names.group, includeOnlyStatuses=[*statuses]
    )
    ids = [one for page in pages for one in page["deployments"]]
    for start in range(0, len(ids), _BATCH):
        some = stack.codedeploy.batch_get_deployments(deploymentIds=ids[start : start + _BATCH])["deploymentsInfo"]
        yield from sorted(map(_deployment, some), key=lambda one: ids.index(one.id))


def _deployment(info: Mapping[str, Any]) -> Deployment:
    current, target = _versions(info.get("revision") or {})
    error, rollback = info.get("errorInformation"), info.get("rollbackInfo") or {}
    return Deployment(
        id=info["deploymentId"],
        current=current,
        target=target,
        status=info["status"],
        error=(error.get("code", ""), error.get("message", "")) if error else None,
        rollback=rollback.get("rollbackDeploymentId"),
        is_rollback=info.get("creator") == "codeDeployRollback",
        auto_rollback=bool((info.get("autoRollbackConfiguration") or {}).get("enabled")),
    )


def _versions(revision: Mapping[str, Any]) -> tuple[str, str]:
    """Current and target version, as the AppSpec says; `?` where it is not one of ours."""
    text = (revision.get("appSpecContent") or revision.get("string") or {}).get("content", "")
    try:
        (resource,) = (each for named in json.loads(text)["Resources"] for each in named.values())
        return str(resource["Properties"]["CurrentVersion"]), str(resource["Properties"]["TargetVersion"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return "?", "?"
