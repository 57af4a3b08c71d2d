"""Creates, runs, stops and rolls back the deployments of all groups.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html
https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
"""

from __future__ import annotations

import hashlib
import logging
import random
import string
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from laptop.codedeploy.appspec import drop_content, read, read_content
from laptop.codedeploy.deployment import DeploymentRequest, SimulatedDeployment
from laptop.codedeploy.errors import CodeDeployError, DeploymentEnded, make_deployment_failure
from laptop.codedeploy.execution import Execution
from laptop.codedeploy.lifecycle import record_answer
from laptop.codedeploy.registry.configs import check_alarms, check_rollback
from laptop.codedeploy.runtime import Runtime

__all__ = ["Deployments"]

log = logging.getLogger("codedeploy")

ID = string.ascii_uppercase + string.digits
LONGEST_DESCRIPTION = 256
#: AWS documents the member `rollbackMessage`, but not its text.
NOTHING_TO_ROLL_BACK_TO = "No earlier deployment of this group succeeded, so there is nothing to roll back to."


class Deployments:
    """The deployments by id. `lock` makes the end of a deployment and the start of its rollback one atomic change."""

    def __init__(self, runtime: Runtime, lock: threading.RLock) -> None:
        self._runtime = runtime
        self._lock = lock
        self._deployments: dict[str, SimulatedDeployment] = {}

    def __iter__(self) -> Iterator[SimulatedDeployment]:
        """Iterate over the deployments, newest first."""
        return iter(list(self._deployments.values())[::-1])

    def create(
        self, request: Mapping[str, Any], group: Mapping[str, Any], routing: Mapping[str, Any]
    ) -> dict[str, str]:
        """`CreateDeployment`; the caller has checked that application, group and configuration exist."""
        _check(request)
        appspec = read(request["revision"])
        self._require_idle(group)
        override = request.get("overrideAlarmConfiguration")
        echoed = {
            "description": request.get("description"),
            "overrideAlarmConfiguration": override,
        }
        if last := self._find_last_success(group):
            echoed["previousRevision"] = drop_content(last.request.revision)
        deployment_request = DeploymentRequest(
            id=_make_id(),
            application=str(group["applicationName"]),
            group=str(group["deploymentGroupName"]),
            config=str(request.get("deploymentConfigName") or group["deploymentConfigName"]),
            routing=routing,
            appspec=appspec,
            revision=request["revision"],
            alarms=override or group.get("alarmConfiguration") or {},
            rollback=request.get("autoRollbackConfiguration") or group.get("autoRollbackConfiguration") or {},
            echoed={what: value for what, value in echoed.items() if value},
        )
        deployment = self._add(deployment_request)
        self._runtime.spawn(lambda: self._execute(deployment))
        return {"deploymentId": deployment_request.id}

    def stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`StopDeployment`: the deployment ends a moment later, and is rolled back if requested or configured."""
        deployment = self.get(str(request["deploymentId"]))
        if deployment.has_ended:
            raise CodeDeployError("DeploymentAlreadyCompletedException", f"{deployment.request.id} is over.")
        deployment.stop_and_roll_back = request.get("autoRollbackEnabled")
        deployment.stopping = True
        return {"status": "Pending", "statusMessage": "The deployment is being stopped."}

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`PutLifecycleEventHookExecutionStatus`."""
        if not request.get("deploymentId"):
            raise CodeDeployError("DeploymentIdRequiredException", "Which deployment?")
        record_answer(self.get(str(request["deploymentId"])).events, request)
        return {"lifecycleEventHookExecutionId": request["lifecycleEventHookExecutionId"]}

    def revision(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetApplicationRevision`: the only response with the content, which has the older type `String`."""
        application, wanted = str(request["applicationName"]), _compute_sha256(request["revision"])
        for one in self:
            content = read_content(one.request.revision)
            digest = hashlib.sha256(content.encode()).hexdigest()
            if one.request.application == application and digest == wanted:
                revision = {"revisionType": "String", "string": {"content": content, "sha256": digest}}
                used = {"firstUsedTime": one.created, "lastUsedTime": one.created, "registerTime": one.created}
                return {"applicationName": application, "revision": revision, "revisionInfo": used}
        raise CodeDeployError("RevisionDoesNotExistException", f"{application} has no revision {wanted}.")

    def get(self, name: str) -> SimulatedDeployment:
        """Return the deployment with this id. Raises `CodeDeployError`."""
        if not (name.startswith("d-") and name[2:].isalnum()):
            raise CodeDeployError("InvalidDeploymentIdException", f"{name} is no deployment's id.")
        if name not in self._deployments:
            raise CodeDeployError("DeploymentDoesNotExistException", f"There is no deployment {name}.")
        return self._deployments[name]

    def _execute(self, deployment: SimulatedDeployment) -> None:
        """Run a deployment, and the rollback that may follow."""
        execution = Execution(deployment, self._runtime)
        try:
            execution.run()
        except DeploymentEnded as end:
            rollback = self._end(deployment, end)
        except Exception as problem:  # a deployment that never ends would block its group forever
            log.exception("the deployment %s broke", deployment.request.id)
            rollback = self._end(deployment, make_deployment_failure("INTERNAL_ERROR", repr(problem)))
        else:
            rollback = self._end(deployment, None)
        if rollback:
            self._execute(rollback)

    def _end(self, deployment: SimulatedDeployment, end: DeploymentEnded | None) -> SimulatedDeployment | None:
        """Record how a deployment ended. Returns the rollback that follows, or None."""
        with self._lock:
            rollback = self._start_rollback(deployment) if end and _must_roll_back(deployment, end) else None
            if end:
                deployment.error = end.code, end.message
                for event in deployment.events:
                    event.status = "Skipped" if event.status == "Pending" else event.status
            deployment.completed = self._runtime.clock.now()
            deployment.status = end.status if end else "Succeeded"
            return rollback

    def _start_rollback(self, deployment: SimulatedDeployment) -> SimulatedDeployment | None:
        """Create a deployment of the group's last successful revision, with its hooks; None if there is none."""
        original = deployment.request
        last = self._find_last_success({"applicationName": original.application, "deploymentGroupName": original.group})
        if last is None:
            deployment.rollback_message = NOTHING_TO_ROLL_BACK_TO
            return None
        request = DeploymentRequest(
            id=_make_id(),
            application=original.application,
            group=original.group,
            config=original.config,
            routing={"type": "AllAtOnce"},
            appspec=last.request.appspec,
            revision=last.request.revision,
            echoed={"description": f"Rollback of {original.id}"},
            rollback_of=original.id,
        )
        deployment.rolled_back_by = request.id
        return self._add(request)

    def _add(self, request: DeploymentRequest) -> SimulatedDeployment:
        self._deployments[request.id] = SimulatedDeployment(request, self._runtime.clock.now())
        return self._deployments[request.id]

    def _require_idle(self, group: Mapping[str, Any]) -> None:
        for one in self._list_of_group(group):
            if not one.has_ended:
                raise CodeDeployError("DeploymentLimitExceededException", f"{one.request.id} still runs in this group.")

    def _find_last_success(self, group: Mapping[str, Any]) -> SimulatedDeployment | None:
        return next((one for one in self._list_of_group(group) if one.status == "Succeeded"), None)

    def _list_of_group(self, group: Mapping[str, Any]) -> Iterator[SimulatedDeployment]:
        names = group["applicationName"], group["deploymentGroupName"]
        return (one for one in self if (one.request.application, one.request.group) == names)


def _compute_sha256(revision: Mapping[str, Any]) -> str:
    described = revision.get("appSpecContent") or revision.get("string") or {}
    if not described.get("sha256"):
        raise CodeDeployError("InvalidRevisionException", "A revision is named by the sha256 of its content.")
    return str(described["sha256"])


def _check(request: Mapping[str, Any]) -> None:
    if len(request.get("description") or "") > LONGEST_DESCRIPTION:
        raise CodeDeployError("DescriptionTooLongException", f"At most {LONGEST_DESCRIPTION} characters.")
    if not request.get("revision"):
        raise CodeDeployError("RevisionRequiredException", "A deployment needs a revision.")
    check_alarms(request.get("overrideAlarmConfiguration") or {})
    check_rollback(request.get("autoRollbackConfiguration") or {})


def _must_roll_back(deployment: SimulatedDeployment, end: DeploymentEnded) -> bool:
    """Return whether a deployment is rolled back after this end; never if it did not touch the alias."""
    if deployment.request.rollback_of or deployment.event("Start").status != "Succeeded":
        return False
    if deployment.stopping and deployment.stop_and_roll_back is not None:
        return deployment.stop_and_roll_back
    rollback = deployment.request.rollback
    return bool(rollback.get("enabled")) and end.event in rollback.get("events", ())


def _make_id() -> str:
    return "d-" + "".join(random.choices(ID, k=9))  # noqa: S311 - an id, not a secret
