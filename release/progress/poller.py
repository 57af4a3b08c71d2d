"""Polls a deployment until it ends, including its rollback."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from release import version_alarms
from release.analysis.comparison import Comparison, LookSchedule, compare
from release.analysis.evidence import ReleaseEvidence
from release.analysis.traffic import Observer
from release.deployments import Deployment, read
from release.lambda_versions.versions import AliasRouting, await_move, read_live
from release.progress.outcome import ReleaseOutcome
from release.release_context import ReleaseContext

__all__ = ["Poller", "Snapshot"]

#: Seconds to wait for the rollback of a failed deployment before it counts as not rolled back.
_PATIENCE = 100.0
#: Seconds between two comparisons of the versions, shorter on a laptop; and the least there.
_COMPARED, _LEAST = 15.0, 2.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a deployment: `traffic` is percent by version; `left` are the seconds until what `until` names, None
    if that is not known; `comparison` is of the two versions, once they have shared the traffic."""

    deployment: Deployment
    traffic: Mapping[str, float] = field(default_factory=dict)
    alarms: Mapping[str, str] = field(default_factory=dict)
    left: float | None = None
    comparison: Comparison | None = None
    until: str = "all traffic has moved"


@dataclass(slots=True)
class Poller:
    """Polls one deployment. `moving` is how many seconds its traffic takes to move, `step` how many until it moves the
    second time; `deadline`, on the monotonic clock, is when to give up. Polling can be interrupted and resumed.

    With `compares`, it also compares the two versions.
    """

    context: ReleaseContext
    id: str
    watched: list[str]
    moving: float
    deadline: float
    outcome: ReleaseOutcome = ReleaseOutcome.TIMED_OUT
    last: Deployment | None = None
    evidence: ReleaseEvidence | None = None
    step: float = 0.0
    compares: bool = False
    comparison: Comparison | None = None
    _observer: Observer | None = None
    _look_schedule: LookSchedule = field(default_factory=LookSchedule)
    _compared: float = 0.0

    @property
    def unrestored(self) -> Deployment | None:
        """The deployment, if it failed and CodeDeploy has nothing to roll back to, as with a group's first one."""
        one = self.last if self.outcome is ReleaseOutcome.FAILED else None
        return one if one and one.rollback_message and not one.rollback else None

    def __iter__(self) -> Iterator[Snapshot]:
        """Yield snapshots until the end or the deadline; `outcome` is set afterwards."""
        while time.monotonic() < self.deadline:
            self.last = deployment = read(self.context, self.id)
            yield self._look(deployment)
            if deployment.has_ended:
                yield from self._follow_end(deployment)
                return
            time.sleep(self.context.pause)

    def look(self) -> Snapshot:
        """Take one snapshot, even if the deployment has ended."""
        return self._look(read(self.context, self.id))

    def _follow_end(self, deployment: Deployment) -> Iterator[Snapshot]:
        if deployment.status == "Succeeded":
            self.outcome = ReleaseOutcome.RELEASED
            return
        restored = yield from self._follow_rollback(deployment)
        if restored is None:
            self.outcome = ReleaseOutcome.TIMED_OUT
        elif not restored:
            self.outcome = ReleaseOutcome.FAILED
        else:
            stopped = bool(deployment.error and deployment.error[0] == "MANUAL_STOP")
            self.outcome = ReleaseOutcome.STOPPED if stopped else ReleaseOutcome.ROLLED_BACK

    def _follow_rollback(self, deployment: Deployment) -> Generator[Snapshot, None, bool | None]:
        """Wait for the rollback; return whether all traffic is back on the version before, None if time ran out."""
        for _ in range(round(_PATIENCE / self.context.pause) if deployment.auto_rollback else 1):
            self.last = deployment = read(self.context, self.id)
            if deployment.rollback or deployment.rollback_message or self._is_restored(deployment):
                break
            time.sleep(self.context.pause)
        rollback = read(self.context, deployment.rollback) if deployment.rollback else None
        while rollback and not rollback.has_ended:
            if time.monotonic() > self.deadline:
                return None
            time.sleep(self.context.pause)
            rollback = read(self.context, rollback.id)
        yield self._look(deployment)
        return await_move(self.context, deployment.current) == AliasRouting(deployment.current, {})

    def _is_restored(self, deployment: Deployment) -> bool:
        now = read_live(self.context)
        return now.version == deployment.current and not now.weights

    def _look(self, deployment: Deployment) -> Snapshot:
        traffic = read_live(self.context).traffic
        self._compare(deployment, shared=len(traffic) > 1)
        return Snapshot(
            deployment,
            traffic,
            version_alarms.read_states(self.context, self.watched),
            None if deployment.has_ended else self._compute_seconds_left(deployment),
            self.comparison,
        )

    def _compare(self, deployment: Deployment, shared: bool) -> None:
        """Compare the versions at intervals while both have traffic, and once more when they no longer do."""
        pause = max(_LEAST, _COMPARED * self.context.scale)
        due = shared and (self._observer is None or time.monotonic() - self._compared >= pause)
        last = not shared and self._observer is not None and self._observer.until is None
        moved = deployment.shifted is not None or deployment.stages.get("AllowTraffic") == "Succeeded"
        last = last and (moved or deployment.has_ended)
        if not self.compares or deployment.shifts_since is None or not (due or last):
            return
        if self._observer is None:
            self._observer = Observer(self.context, (deployment.current, deployment.target), deployment.shifts_since)
        self._observer.until = deployment.shifted or (datetime.now(UTC) if last else None)
        figures = self._observer.look()
        self._compared = time.monotonic()
        if self.comparison and self.comparison.worse:
            return
        risk = self._look_schedule.take(figures[deployment.target].mails, last)
        self.comparison = compare(deployment.target, deployment.current, figures, risk)

    def _compute_seconds_left(self, deployment: Deployment) -> float:
        if deployment.shifts_since is None:
            return self.moving
        return max(0.0, self.moving - (time.time() - deployment.shifts_since.timestamp()))
