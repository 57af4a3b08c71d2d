"""`herald release`, `rollback` and `releases`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from herald.account import Local, Prefix, StateDir, choose_release_context, make_hook_client, report_refusals
from herald.console import TerminalPrompt, Yes, confirm, console, print_rows
from laptop.state import DEFAULT_STATE
from operations.errors import UsageError, UserError
from release.analysis.traffic import compare_last_release
from release.follow import follow
from release.hook_runs import check_live
from release.lambda_versions.artifacts import find_artifact
from release.lambda_versions.companions import follow_live
from release.lambda_versions.versions import list_versions
from release.progress.display import DeploymentScreen, choose_screen
from release.progress.outcome import ReleaseOutcome, describe_exit_codes
from release.progress.poller import Poller
from release.progress.promotion_policy import ApprovalGate, Inconclusive, PromotionPolicy
from release.release import ReleasePlan, finish, plan, start
from release.release_context import ReleaseContext
from release.rollback import plan_rollback, restore, start_rollback

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

__all__ = ["app"]

#: Printed when AWS refuses a call in the middle of a command.
_AFTER_A_REFUSAL = "run it again: it goes on where it stopped"


app = typer.Typer(help="Releases of notify: release by canary, roll back, and list versions.")

JsonLinesOption = Annotated[bool, typer.Option("--json", help="One JSON object per line: for machines")]
Strategy = Annotated[
    str | None,
    typer.Option("--strategy", help="canary, linear, all-at-once, or the name of a CodeDeploy configuration"),
]


@app.command(epilog=describe_exit_codes())
@report_refusals(_AFTER_A_REFUSAL)
def release(
    strategy: Strategy = None,
    package: Annotated[Path | None, typer.Option("--package", help="Release this zip instead of building one")] = None,
    own_alarms_only: Annotated[
        bool,
        typer.Option("--own-alarms-only", help="Watch only the candidate's alarms, because others are ringing already"),
    ] = False,
    deadline: Annotated[float | None, typer.Option("--deadline", help="Longest wait, in minutes")] = None,
    at_least: Annotated[
        int,
        typer.Option(
            "--at-least", min=0, help="Real mails that the candidate must send while it has part of the traffic"
        ),
    ] = 100,
    inconclusive: Annotated[
        Inconclusive,
        typer.Option("--inconclusive", help="With fewer mails: accept it, hold with exit code 7, or roll back"),
    ] = Inconclusive.ACCEPT,
    gated: Annotated[
        bool, typer.Option("--confirm", help="Ask while part of the traffic is moved; without a yes, roll back")
    ] = False,
    bake: Annotated[
        float, typer.Option("--bake", min=0, help="Minutes after all traffic has moved in which an alarm rolls it back")
    ] = 60,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Release nothing: judge the traffic of the last release")
    ] = False,
    yes: Yes = False,
    again: Annotated[
        bool, typer.Option("--again", help="Release nothing: run the hooks against the version that is live")
    ] = False,
    as_json: JsonLinesOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Release notify and what moves with it by canary. Publishes versions, and shifts traffic by CodeDeploy; a
    failure is rolled back."""
    context = choose_release_context(local, state_dir, prefix)
    shown = choose_screen(console, as_json)
    if again:
        raise typer.Exit(_check_again(context, make_hook_client(local, state_dir, prefix), shown).code)
    if dry_run:
        raise typer.Exit(_judge_last(context, shown, at_least).code)
    artifact = find_artifact(context, package, lambda line: None if as_json else typer.echo(line))
    chosen = plan(context, artifact, strategy, own_alarms_only, at_least)
    gate = _require_gate(chosen) if gated else None
    _announce(context, chosen, shown, bake)
    _require_consent(f"Release {artifact.release}?", yes)
    seconds = bake * 60 * context.scale
    poller = start(context, chosen, shown, deadline, seconds)
    policy = PromotionPolicy(
        at_least, inconclusive, seconds, gate, lambda ended: finish(context, chosen, ended, shown), chosen.alarms_to_fix
    )
    outcome = _offer_restore(poller, shown, follow(poller, shown, _ask_to_stop, policy), yes)
    raise typer.Exit(outcome.code)


@app.command()
@report_refusals(_AFTER_A_REFUSAL)
def rollback(
    to: Annotated[str | None, typer.Option("--to", help="Roll back to this version, not the previous one")] = None,
    strategy: Strategy = None,
    yes: Yes = False,
    as_json: JsonLinesOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Roll back to the version before, all at once. Without hooks; stops a release under way. Exit code 0: done."""
    context = choose_release_context(local, state_dir, prefix)
    rollback_plan = plan_rollback(context, to)
    if not as_json:
        console.print(f"{_describe_place(context)}: {rollback_plan.description}", markup=False)
    _require_consent(f"Put version {rollback_plan.version} back?", yes)
    shown = choose_screen(console, as_json)
    poller = start_rollback(context, rollback_plan, strategy)
    outcome = follow(poller, shown, _ask_to_stop) if poller else _report_cleared(shown)
    if poller:
        outcome = _offer_restore(poller, shown, outcome, yes=True)
    else:
        follow_live(context, shown, rollback_plan.version)
    done = outcome in (
        (ReleaseOutcome.STOPPED, ReleaseOutcome.ROLLED_BACK) if rollback_plan.stops else (ReleaseOutcome.RELEASED,)
    )
    raise typer.Exit(0 if done else outcome.code)


@app.command()
@report_refusals(_AFTER_A_REFUSAL)
def releases(
    as_json: JsonLinesOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """List the versions of notify and their traffic. What each published version is, and how much of the traffic it
    gets."""
    context = choose_release_context(local, state_dir, prefix)
    found = list_versions(context)
    if as_json:
        typer.echo(json.dumps([asdict(version) for version in found], indent=2))
        return
    rows = [
        (one.number, one.release, one.published, one.sha256[:12], f"{one.percent:g} %" if one.percent else "")
        for one in found
    ]
    print_rows(("version", "release", "published", "code", "traffic"), rows)


def _describe_place(context: ReleaseContext) -> str:
    return f"{'laptop cloud, ' if context.local else ''}account {context.account}, region {context.region}"


def _announce(context: ReleaseContext, chosen: ReleasePlan, shown: DeploymentScreen, bake: float) -> None:
    described = {one.number: one.release for one in list_versions(context)}
    now = chosen.live.version
    watched = [*chosen.group_alarms, "the candidate's own"]
    watched += [f"in the bake {name}, once it is quiet" for name in chosen.alarms_to_fix]
    rows = {
        "Where": _describe_place(context),
        "Live": f"version {now}, release {described.get(now, '?')}",
        "Release": f"{chosen.artifact.release}, {chosen.artifact.path.stat().st_size / 1e6:.1f} MB",
        "Strategy": chosen.config,
        **({"Traffic": chosen.pace.describe(chosen.lasts)} if chosen.pace else {}),
        "Bake": f"{bake:g} min",
        "Alarms": ", ".join(watched),
    }
    shown.plan(rows)


def _ask_to_stop() -> bool | None:
    """Ask at the terminal: yes or no; None without a terminal or without an answer."""
    if not os.isatty(0):
        return None
    try:
        return typer.confirm("\nStop it and put the version before back?", default=False)
    except (typer.Abort, KeyboardInterrupt):
        return None


def _check_again(context: ReleaseContext, functions: LambdaClient, shown: DeploymentScreen) -> ReleaseOutcome:
    outcome = ReleaseOutcome.RELEASED if check_live(context, functions, shown) else ReleaseOutcome.FAILED
    passed = outcome is ReleaseOutcome.RELEASED
    shown.say(f"the hooks {'pass' if passed else 'do not pass'} what is live; nothing was moved")
    return outcome


def _offer_restore(poller: Poller, shown: DeploymentScreen, outcome: ReleaseOutcome, yes: bool) -> ReleaseOutcome:
    """If CodeDeploy cannot roll back, offer to move the alias back; return the outcome after that."""
    failed = poller.unrestored
    if failed is None:
        return outcome
    shown.say(f"CodeDeploy does not roll {failed.id} back: {failed.rollback_message}")
    if not yes and not (os.isatty(0) and typer.confirm(f"Give version {failed.current} all traffic?", default=True)):
        return outcome
    restore(poller.context, failed.current)
    follow_live(poller.context, shown, failed.current)
    shown.say(f"version {failed.current} has all traffic again")
    return ReleaseOutcome.ROLLED_BACK


def _judge_last(context: ReleaseContext, shown: DeploymentScreen, at_least: int) -> ReleaseOutcome:
    """Print how the last release's versions compare; the outcome is RELEASED if the new one is no worse."""
    judged, comparison = compare_last_release(context)
    shown.say(f"{judged.id}, version {judged.current} to {judged.target}, {judged.status}: its traffic judged again")
    for one in comparison.measures:
        shown.say(f"  {one.describe()}")
    shown.say(comparison.describe())
    shown.say("nothing was moved")
    if comparison.worse:
        return ReleaseOutcome.FAILED
    enough = comparison.figures[judged.target].mails >= at_least
    return ReleaseOutcome.RELEASED if enough else ReleaseOutcome.INCONCLUSIVE


def _require_gate(chosen: ReleasePlan) -> ApprovalGate:
    """A gate that asks at the terminal. Raises `UserError` without a terminal, or if there is nothing to hold."""
    if not chosen.lasts:
        raise UsageError(f"{chosen.config} moves all traffic at once: there is nothing to confirm")
    if not os.isatty(0):
        raise UsageError("--confirm asks at a terminal, and there is nobody to answer: leave it out")
    return ApprovalGate(TerminalPrompt())


def _require_consent(question: str, yes: bool) -> None:
    if not yes and not confirm(question):
        raise UserError("nothing was changed")


def _report_cleared(shown: DeploymentScreen) -> ReleaseOutcome:
    shown.say("the weights are cleared")
    return ReleaseOutcome.RELEASED
