"""Rolls back to the version before: by stopping a deployment, by clearing leftover weights, or by a new deployment."""

from __future__ import annotations

import time

from function.canary.deployment_description import write_description
from operations.errors import UserError
from release import deployments
from release.appspec import render
from release.lambda_versions.companions import find_paired_versions, move_companions
from release.lambda_versions.versions import AliasRouting, find_previous, list_versions, move_alias, read_live
from release.progress.poller import Poller
from release.release_context import ALIAS, ReleaseContext
from release.strategy import WORDS, compute_minutes, read_config

__all__ = ["RollbackPlan", "plan_rollback", "restore", "start_rollback", "stop"]

_BESIDE = 15


class RollbackPlan:
    """What has to be done so that `version` gets all traffic; `description` says it in words."""

    def __init__(self, version: str, description: str, stops: str = "", clears: AliasRouting | None = None) -> None:
        self.version = version
        self.description = description
        self.stops = stops
        self.clears = clears


def plan_rollback(context: ReleaseContext, to: str | None = None) -> RollbackPlan:
    """Plan a rollback from the current state. Raises `UserError` if there is nothing to roll back to."""
    now, running = read_live(context), deployments.find_running(context)
    if running and running.is_rollback:
        raise UserError(f"{running.id} is a rollback to version {running.target} already: wait for it")
    if running:
        if to not in (None, running.current):
            raise UserError(f"{running.id} is under way, and stopping it leads to version {running.current}, not {to}")
        return RollbackPlan(
            running.current, f"stop {running.id}; version {running.current} gets all traffic", stops=running.id
        )
    if now.weights:
        return RollbackPlan(now.version, f"clear the weights ({now.describe()}) that no deployment moves", clears=now)
    version = to or find_previous(context)
    if version == now.version:
        raise UserError(f"version {version} is live already: there is nothing to roll back")
    if version not in {one.number for one in list_versions(context)}:
        raise UserError(f"there is no version {version}: make releases lists them")
    return RollbackPlan(version, f"deploy version {version} in place of {now.version}, without hooks")


def start_rollback(context: ReleaseContext, plan: RollbackPlan, strategy: str | None = None) -> Poller | None:
    """Start the rollback; return its poller, or None if it is done already."""
    if plan.stops:
        stop(context, plan.stops)
        return _make_poller(context, plan.stops, 0)
    if plan.clears:
        restore(context, plan.version)
        return None
    config, routing = read_config(context, strategy or WORDS["all-at-once"])
    now = read_live(context).version
    revision = render(context.names.notify, ALIAS, now, plan.version, {})
    # First: if this breaks off, notify has not moved, and the same command can be run again.
    moved = move_companions(context, find_paired_versions(context, plan.version))
    description = write_description(context.names.notify, now, plan.version, moved)
    try:  # without alarms: they usually ring during a rollback, and must not stop it
        id_ = deployments.create(context, revision.location(), config, description, [])
    except context.codedeploy.exceptions.DeploymentLimitExceededException:
        move_companions(context, {one.function: one.before for one in moved})
        raise UserError("another deployment began meanwhile: run this again") from None
    return _make_poller(context, id_, compute_minutes(routing))


def restore(context: ReleaseContext, version: str) -> None:
    """Give this version all traffic by moving the alias directly, if CodeDeploy has nothing to roll back to."""
    move_alias(context, context.names.notify, version)


def stop(context: ReleaseContext, id_: str) -> None:
    """Stop a deployment and have CodeDeploy roll it back, unless it has ended meanwhile."""
    try:
        context.codedeploy.stop_deployment(deploymentId=id_, autoRollbackEnabled=True)
    except context.codedeploy.exceptions.DeploymentAlreadyCompletedException:
        return


def _make_poller(context: ReleaseContext, id_: str, moving: float) -> Poller:
    seconds = (moving + _BESIDE) * 60 * context.scale
    return Poller(context, id_, [], moving * 60 * context.scale, time.monotonic() + max(900.0, seconds))
