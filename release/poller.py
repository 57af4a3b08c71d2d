"""A deployment looked at again and again until it ends, its rollback included."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from release import alarms
from release.deployments import Deployment, read
from release.outcome import Outcome
from release.stack import Stack
from release.versions import live

__all__ = ["Poller", "Snapshot"]

#: Seconds of looking at a deployment that ended badly, before it counts as one that nobody takes back.
_PATIENCE = 100.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a deployment stands: `stages` are lifecycle events with their status, `traffic` percent by version,
    `left` the seconds until traffic has moved, None where that is not known."""

    deployment: Deployment
    stages: Mapping[str, str] = field(default_factory=dict)
    traffic: Mapping[str, float] = field(default_factory=dict)
    alarms: Mapping[str, str] = field(default_factory=dict)
    left: float | None = None


@dataclass(slots=True)
class Poller:
    """Looks at one deployment. `moving` is how many seconds its traffic takes to move; `deadline`, on the monotonic
    clock, is when to give up. Looking can be broken off and begun again."""

    stack: Stack
    id: str
    watched: list[str]
    moving: float
    deadline: float
    outcome: Outcome = Outcome.TIMED_OUT

    def __iter__(self) -> Iterator[Snapshot]:
        """Every look, until the end or the deadline; `outcome` is known afterwards."""
        while time.monotonic() < self.deadline:
            deployment = read(self.stack, self.id)
            yield self._look(deployment)
            if deployment.ended:
                yield from self._ended(deployment)
                return
            time.sleep(self.stack.pause)

    def _ended(self, deployment: Deployment) -> Iterator[Snapshot]:
        if deployment.status == "Succeeded":
            self.outcome = Outcome.RELEASED
            return
        stopped = bool(deployment.error and deployment.error[0] == "MANUAL_STOP")
        back = yield from self._taken_back(deployment)
        if back is None:
            self.outcome = Outcome.TIMED_OUT
        elif stopped:
            self.outcome = Outcome.STOPPED
        else:
            self.outcome = Outcome.ROLLED_BACK if back else Outcome.FAILED

    def _taken_back(self, deployment: Deployment) -> Generator[Snapshot, None, bool | None]:
        """Follow the rollback; returns whether all traffic is back on the version before, None if time ran out."""
        for _ in range(round(_PATIENCE / self.stack.pause) if deployment.auto_rollback else 1):
            deployment = read(self.stack, self.id)
            if deployment.rollback or self._is_back(deployment):
                break
            time.sleep(self.stack.pause)
        rollback = read(self.stack, deployment.rollback) if deployment.rollback else None
        while rollback and not rollback.ended:
            if time.monotonic() > self.deadline:
                return None
            time.sleep(self.stack.pause)
            rollback = read(self.stack, rollback.id)
        yield self._look(deployment)
        return self._is_back(deployment)

    def _is_back(self, deployment: Deployment) -> bool:
        now = live(self.stack)
        return now.version == deployment.current and not now.weights

    def _look(self, deployment: Deployment) -> Snapshot:
        events = self._events(deployment.id)
        return Snapshot(
            deployment,
            {event["lifecycleEventName"]: event["status"] for event in events},
            live(self.stack).traffic,
            alarms.states(self.stack, self.watched),
            None if deployment.ended else self._left(events),
        )

    def _events(self, deployment: str) -> list[Any]:
        codedeploy = self.stack.codedeploy
        try:
            ids = codedeploy.list_deployment_targets(deploymentId=deployment).get("targetIds", [])
            found: Any = codedeploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=ids) if ids else {}
        except ClientError as error:
            if error.response["Error"]["Code"] != "DeploymentNotStartedException":
                raise
            return []
        targets = found.get("deploymentTargets", [])
        return [event for target in targets for event in target.get("lambdaTarget", {}).get("lifecycleEvents", [])]

    def _left(self, events: list[Any]) -> float | None:
        for event in events:
            if event["lifecycleEventName"] == "AllowTraffic" and event.get("startTime"):
                began: float = event["startTime"].timestamp()
                return max(0.0, self.moving - (time.time() - began))
        return self.moving
