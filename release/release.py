"""One release from end to end. Every step is idempotent, so it can be run again wherever it was interrupted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from function.canary.deployment_description import Companion, write_description
from operations.errors import UserError
from release import deployments, version_alarms
from release.analysis.pace import Pace, build_config, choose_pace, create_config
from release.appspec import render
from release.deployments import Deployment
from release.lambda_versions.companions import publish_companions, ship_hooks, ship_hooks_of
from release.lambda_versions.old_versions import delete_old_versions
from release.lambda_versions.publish import Artifact, publish
from release.lambda_versions.versions import AliasRouting, await_rest, find_previous, read_code_hash, read_live
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller
from release.release_context import ALIAS, ReleaseContext
from release.reporter import ProgressReporter
from release.strategy import compute_first_step, compute_minutes, read_config

__all__ = ["ReleasePlan", "finish", "plan", "start"]

#: Minutes in addition to moving the traffic: a hook that never answers takes an hour by itself.
_BESIDE = 75


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """What is live, what to release, and how. `under_way` is an earlier run's deployment of the same package. `pace` is
    how long a canary must last for enough mails to prove it; `own_config`: it needs a configuration of Herald's.
    `alarms_to_fix` are alarms of the group that this release is to fix: they ring, so the deployment does not watch
    them."""

    artifact: Artifact
    live: AliasRouting
    config: str
    routing: Mapping[str, Any]
    group_alarms: list[str]
    under_way: Deployment | None = None
    pace: Pace | None = None
    own_config: bool = False
    alarms_to_fix: tuple[str, ...] = ()

    @property
    def lasts(self) -> float:
        """Minutes that the traffic takes to move."""
        return compute_minutes(self.routing)


def plan(
    context: ReleaseContext, artifact: Artifact, strategy: str | None, own_alarms_only: bool = False, at_least: int = 0
) -> ReleasePlan:
    """Plan a release without changing anything. Raises `UserError` if nothing can be released now.

    Without a strategy, the group's canary lasts until `at_least` mails of it are expected.
    """
    now, running = read_live(context), deployments.find_running(context)
    if now.weights and not running:
        now = await_rest(context)
    config, routing = read_config(context, strategy)
    pace = choose_pace(context, routing, at_least)
    longer = strategy is None and pace is not None and pace.interval != compute_minutes(routing)
    if pace is not None and longer:
        config, routing = build_config(context, pace.percent, pace.interval)
    if running and not _is_deploying(context, running, artifact):
        raise UserError(
            f"deployment {running.id} to version {running.target} is under way, and CodeDeploy runs one at a time: "
            "wait for it, or stop it with make rollback"
        )
    if (
        context.functions.get_function_concurrency(FunctionName=context.names.notify).get(
            "ReservedConcurrentExecutions"
        )
        == 0
    ):
        raise UserError(f"{context.names.notify} is paused, so nothing could be tried: make resume first")
    if now.weights and not running:
        raise UserError(
            f"the alias {ALIAS} carries weights that no deployment moves ({now.describe()}), so CodeDeploy would "
            f"refuse: make rollback puts it on version {now.version} alone"
        )
    group = version_alarms.group_alarms_of(context)
    watched, to_fix = ([], tuple(group)) if own_alarms_only else (version_alarms.require_room(group), ())
    return ReleasePlan(artifact, now, config, routing, watched, running, pace, longer, to_fix)


def start(
    context: ReleaseContext,
    plan_: ReleasePlan,
    reporter: ProgressReporter,
    deadline: float | None = None,
    bake: float = 0.0,
) -> Poller:
    """Ship, publish and start the deployment, or find one that an earlier run started and that is under way or ended
    less than `bake` seconds ago; `deadline` is in minutes.

    Raises `UserError` if there is nothing to release, or if AWS refuses it.
    """
    if plan_.under_way:
        reporter.say(f"{plan_.under_way.id} of an earlier run is under way: watching it")
        watched = [*plan_.group_alarms, *version_alarms.create(context, plan_.under_way.target, _shifts_traffic(plan_))]
        return _poll(context, plan_, plan_.under_way.id, watched, deadline)
    companions, target = _publish(context, plan_, reporter)
    if target == plan_.live.version:
        if baking := deployments.find_baking(context, target, bake, _compute_longest(context, plan_)):
            reporter.say(f"{baking.id} of an earlier run released version {target}: going on where it was left")
            watched = [*plan_.group_alarms, *version_alarms.create(context, target, _shifts_traffic(plan_))]
            return _poll(context, plan_, baking.id, watched, deadline)
        _refuse_live(context, plan_, companions)
    description = _describe(context, plan_, target, companions)
    watched = [*plan_.group_alarms, *version_alarms.create(context, target, _shifts_traffic(plan_))]
    version_alarms.wait_until_quiet(context, watched)
    ship_hooks(context, plan_.artifact.content)
    reporter.say(f"{', '.join(context.names.hooks.values())}: release {plan_.artifact.release} shipped")
    return _poll(context, plan_, _deploy(context, plan_, target, description, watched, reporter), watched, deadline)


def finish(context: ReleaseContext, plan_: ReleasePlan, outcome: ReleaseOutcome, reporter: ProgressReporter) -> None:
    """Delete the alarms and versions that no rollback needs any more, after a release."""
    if outcome in (ReleaseOutcome.RELEASED, ReleaseOutcome.INCONCLUSIVE):
        for name in version_alarms.delete_older(context, _find_version_before(context, plan_)):
            reporter.say(f"alarm {name} deleted")
        delete_old_versions(context, reporter)


def _find_version_before(context: ReleaseContext, plan_: ReleasePlan) -> str:
    """The version that a rollback goes to, or else what was live when this run began."""
    try:
        return find_previous(context)
    except UserError:
        return plan_.live.version


def _publish(context: ReleaseContext, plan_: ReleasePlan, reporter: ProgressReporter) -> tuple[list[Companion], str]:
    """Publish everything, notify last; return the companions and the version to release."""
    artifact, names = plan_.artifact, context.names
    companions = publish_companions(context, artifact)
    for one in companions:
        reporter.say(f"{one.function}: version {one.after} published")
    target = publish(context, names.notify, artifact)
    if target != plan_.live.version:
        reporter.say(f"{names.notify}: version {target} published, code {artifact.sha256} as AWS reports it")
    return companions, target


def _refuse_live(context: ReleaseContext, plan_: ReleasePlan, companions: list[Companion]) -> NoReturn:
    """Raise `UserError` with why there is nothing to release: all of it is live, or what is not cannot move alone."""
    notify, target = context.names.notify, plan_.live.version
    alone = [one.function for one in companions if one.before != one.after]
    if alone:
        raise UserError(
            f"only a setting of {', '.join(alone)} changed, and a release moves what goes with {notify}: "
            f"change the setting of {notify} with it, as make apply does; nothing was released"
        )
    raise UserError(
        f"version {target} (release {plan_.artifact.release}) is live already, as after a first apply of the same "
        "commit: there is nothing to release; herald release --again runs the hooks against it"
    )


def _describe(context: ReleaseContext, plan_: ReleasePlan, target: str, companions: list[Companion]) -> str:
    try:
        return write_description(context.names.notify, plan_.live.version, target, companions, plan_.artifact.release)
    except ValueError as error:
        raise UserError(f"{error}; nothing was released") from None


def _deploy(
    context: ReleaseContext,
    plan_: ReleasePlan,
    target: str,
    description: str,
    watched: list[str],
    reporter: ProgressReporter,
) -> str:
    names, current = context.names, plan_.live.version
    revision = render(names.notify, ALIAS, current, target, names.hooks)
    if plan_.own_config:
        create_config(context, plan_.config, plan_.routing)
    try:
        id_ = deployments.create(context, revision.location(), plan_.config, description, watched)
    except context.codedeploy.exceptions.DeploymentLimitExceededException:
        running = deployments.find_running(context)  # its hooks have just been updated to another release's code
        ship_hooks_of(context, reporter, running.target if running else current)
        raise UserError(
            "another deployment began meanwhile, and CodeDeploy runs one at a time: run this again"
        ) from None
    reporter.say(f"{id_}: version {current} to {target}, appspec sha256 {revision.sha256}")
    return id_


def _shifts_traffic(plan_: ReleasePlan) -> bool:
    """Whether the alias has two versions at some time of the deployment."""
    return plan_.routing.get("type") != "AllAtOnce"


def _poll(context: ReleaseContext, plan_: ReleasePlan, id_: str, watched: list[str], deadline: float | None) -> Poller:
    moving = compute_minutes(plan_.routing) * 60 * context.scale
    patience = _compute_longest(context, plan_) if deadline is None else deadline * 60
    least = 900.0 if deadline is None else 0.0  # a laptop's hooks are not faster by its scale
    step = compute_first_step(plan_.routing) * 60 * context.scale
    return Poller(context, id_, watched, moving, time.monotonic() + max(patience, least), step=step, compares=True)


def _compute_longest(context: ReleaseContext, plan_: ReleasePlan) -> float:
    """Seconds that a deployment may take, hooks that never answer included."""
    return (_BESIDE + compute_minutes(plan_.routing)) * 60 * context.scale


def _is_deploying(context: ReleaseContext, running: Deployment, artifact: Artifact) -> bool:
    forward = not running.is_rollback and running.target.isdecimal() and int(running.target) > int(running.current)
    return forward and read_code_hash(context, running.target) == artifact.sha256
