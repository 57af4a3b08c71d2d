"""The deployments of all groups: made, carried out, stopped, and taken back.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_StopDeployment.html
https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html
"""

from __future__ import annotations

import logging
import random
import string
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

from laptop.codedeploy.appspec import read
from laptop.codedeploy.checks import check_alarms, check_rollback
from laptop.codedeploy.deployment import Deployment, Orders
from laptop.codedeploy.deployment_ended import Halt, failed
from laptop.codedeploy.errors import CodeDeployError
from laptop.codedeploy.execution import Run, World
from laptop.codedeploy.hooks import judge

__all__ = ["Deployments"]

log = logging.getLogger("codedeploy")

ID: Final = string.ascii_uppercase + string.digits
LONGEST_DESCRIPTION: Final = 256


class Deployments:
    """Every deployment by its id. `lock` guards what must change at once: an end and the rollback that follows it."""

    def __init__(self, world: World, lock: threading.RLock) -> None:
        self._world = world
        self._lock = lock
        self._deployments: dict[str, Deployment] = {}

    def __iter__(self) -> Iterator[Deployment]:
        """The newest first."""
        return iter(list(self._deployments.values())[::-1])

    def create(
        self, request: Mapping[str, Any], group: Mapping[str, Any], routing: Mapping[str, Any]
    ) -> dict[str, str]:
        """`CreateDeployment`; that application, group and configuration exist is asked before."""
        _check(request)
        appspec = read(request["revision"])
        self._require_idle(group)
        override = request.get("overrideAlarmConfiguration")
        said = {
            "description": request.get("description"),
            "overrideAlarmConfiguration": override,
            "previousRevision": self._live(group),
        }
        orders = Orders(
            id=_new_id(),
            application=str(group["applicationName"]),
            group=str(group["deploymentGroupName"]),
            config=str(request.get("deploymentConfigName") or group["deploymentConfigName"]),
            routing=routing,
            appspec=appspec,
            revision=request["revision"],
            alarms=override or group.get("alarmConfiguration") or {},
            rollback=request.get("autoRollbackConfiguration") or group.get("autoRollbackConfiguration") or {},
            said={what: value for what, value in said.items() if value},
        )
        deployment = self._add(orders)
        self._world.spawn(lambda: self._carry_out(deployment))
        return {"deploymentId": orders.id}

    def stop(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`StopDeployment`: it ends at its next look around, and is taken back if that is wanted."""
        deployment = self.known(str(request["deploymentId"]))
        if deployment.ended:
            raise CodeDeployError("DeploymentAlreadyCompletedException", f"{deployment.orders.id} is over.")
        deployment.stop_and_roll_back = request.get("autoRollbackEnabled")
        deployment.stopping = True
        return {"status": "Pending", "statusMessage": "The deployment is being stopped."}

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`PutLifecycleEventHookExecutionStatus`."""
        if not request.get("deploymentId"):
            raise CodeDeployError("DeploymentIdRequiredException", "Which deployment?")
        judge(self.known(str(request["deploymentId"])).events, request)
        return {"lifecycleEventHookExecutionId": request["lifecycleEventHookExecutionId"]}

    def known(self, name: str) -> Deployment:
        """The deployment of this id; raises `CodeDeployError`."""
        if not (name.startswith("d-") and name[2:].isalnum()):
            raise CodeDeployError("InvalidDeploymentIdException", f"{name} is no deployment's id.")
        if name not in self._deployments:
            raise CodeDeployError("DeploymentDoesNotExistException", f"There is no deployment {name}.")
        return self._deployments[name]

    def _carry_out(self, deployment: Deployment) -> None:
        """Carry a deployment out, and its rollback if one follows."""
        run = Run(deployment, self._world)
        try:
            run.back() if deployment.orders.undoes else run.forward()
        except Halt as halt:
            rollback = self._end(deployment, halt)
        except Exception as problem:  # a deployment that nobody ends would hold its group for ever
            log.exception("the deployment %s broke", deployment.orders.id)
            rollback = self._end(deployment, failed("INTERNAL_ERROR", repr(problem)))
        else:
            rollback = self._end(deployment, None)
        if rollback:
            self._carry_out(rollback)

    def _end(self, deployment: Deployment, halt: Halt | None) -> Deployment | None:
        with self._lock:
            rollback = self._add(self._undo(deployment)) if halt and _goes_back(deployment, halt) else None
            if halt:
                deployment.error = halt.code, halt.message
                deployment.rolled_back_by = rollback.orders.id if rollback else None
                for event in deployment.events:
                    event.status = "Skipped" if event.status == "Pending" else event.status
            deployment.completed = self._world.clock.now()
            deployment.status = halt.status if halt else "Succeeded"
            return rollback

    def _undo(self, deployment: Deployment) -> Orders:
        orders = deployment.orders
        appspec = orders.appspec.back()
        return Orders(
            id=_new_id(),
            application=orders.application,
            group=orders.group,
            config=orders.config,
            routing={"type": "AllAtOnce"},
            appspec=appspec,
            revision=appspec.revision(),
            said={"description": f"Takes back {orders.id}"},
            undoes=orders.id,
        )

    def _add(self, orders: Orders) -> Deployment:
        self._deployments[orders.id] = Deployment(orders, self._world.clock.now())
        return self._deployments[orders.id]

    def _require_idle(self, group: Mapping[str, Any]) -> None:
        for one in self._of(group):
            if not one.ended:
                raise CodeDeployError("DeploymentLimitExceededException", f"{one.orders.id} still runs in this group.")

    def _live(self, group: Mapping[str, Any]) -> Mapping[str, Any] | None:
        succeeded = (one for one in self._of(group) if one.status == "Succeeded")
        return next((one.orders.revision for one in succeeded), None)

    def _of(self, group: Mapping[str, Any]) -> Iterator[Deployment]:
        names = group["applicationName"], group["deploymentGroupName"]
        return (one for one in self if (one.orders.application, one.orders.group) == names)


def _check(request: Mapping[str, Any]) -> None:
    if len(request.get("description") or "") > LONGEST_DESCRIPTION:
        raise CodeDeployError("DescriptionTooLongException", f"At most {LONGEST_DESCRIPTION} characters.")
    if not request.get("revision"):
        raise CodeDeployError("RevisionRequiredException", "A deployment needs a revision.")
    check_alarms(request.get("overrideAlarmConfiguration") or {})
    check_rollback(request.get("autoRollbackConfiguration") or {})


def _goes_back(deployment: Deployment, halt: Halt) -> bool:
    """Whether a deployment that ended so is taken back: not if it never touched the alias."""
    if deployment.orders.undoes or deployment.event("Start").status != "Succeeded":
        return False
    if deployment.stopping and deployment.stop_and_roll_back is not None:
        return deployment.stop_and_roll_back
    rollback = deployment.orders.rollback
    return bool(rollback.get("enabled")) and halt.event in rollback.get("events", ())


def _new_id() -> str:
    return "d-" + "".join(random.choices(ID, k=9))  # noqa: S311 - a name, no secret
