"""`herald release`, `rollback` and `releases`."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from herald.account import Local, Prefix, StateDir, hook_client, release_stack, report_refusals
from herald.console import confirm, console, print_rows
from laptop.state import DEFAULT_STATE
from operations.errors import UserError
from release.artifacts import find_artifact
from release.companions import follow_live
from release.hooks import check_live
from release.progress.display import Screen, screen
from release.progress.follow import follow
from release.progress.outcome import ReleaseOutcome, exit_codes
from release.progress.poller import Poller
from release.release import ReleasePlan, finish, plan, start
from release.rollback import plan_rollback, restore, start_rollback
from release.stack import Stack
from release.versions import versions

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

__all__ = ["app"]

#: What is true when AWS refuses in the middle.
_AFTER_A_REFUSAL = "run it again: it goes on where it stopped"


class Inconclusive(StrEnum):
    """What follows if too few real mails have proved a release."""

    ACCEPT = "accept"
    HOLD = "hold"
    BACK = "back"


app = typer.Typer(help="Releases of notify: forward by canary, back, and which there are.")

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask: for machines")]
Machine = Annotated[bool, typer.Option("--json", help="One JSON object a line: for machines")]
Strategy = Annotated[
    str | None,
    typer.Option("--strategy", help="canary, linear, all-at-once, or one of CodeDeploy's configurations by its name"),
]


@app.command(epilog=exit_codes())
@report_refusals(_AFTER_A_REFUSAL)
def release(
    strategy: Strategy = None,
    package: Annotated[Path | None, typer.Option("--package", help="This zip, instead of building one")] = None,
    own_alarms_only: Annotated[
        bool, typer.Option("--own-alarms-only", help="Watch the candidate's alarms only: the others ring already")
    ] = False,
    deadline: Annotated[float | None, typer.Option("--deadline", help="Minutes to wait at the most")] = None,
    at_least: Annotated[
        int, typer.Option("--at-least", min=0, help="Real mails of the candidate that prove it while it has a part")
    ] = 100,
    inconclusive: Annotated[
        Inconclusive, typer.Option("--inconclusive", help="With fewer: accept it, hold with exit code 7, or roll back")
    ] = Inconclusive.ACCEPT,
    yes: Yes = False,
    again: Annotated[
        bool, typer.Option("--again", help="Release nothing: run the hooks against the version that is live")
    ] = False,
    machine: Machine = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Publish notify and what moves with it, and move the traffic by CodeDeploy; what fails is taken back whole."""
    stack = release_stack(local, state_dir, prefix)
    shown = screen(console, machine)
    if again:
        raise typer.Exit(_check_again(stack, hook_client(local, state_dir, prefix), shown).code)
    artifact = find_artifact(stack, package, lambda line: None if machine else typer.echo(line))
    chosen = plan(stack, artifact, strategy, own_alarms_only)
    if not machine:
        _announce(stack, chosen)
    _require_consent(f"Release {artifact.release}?", yes)
    poller = start(stack, chosen, shown, deadline)
    outcome = _offer_restore(poller, shown, follow(poller, shown, _ask_to_stop), yes)
    finish(stack, chosen, outcome, shown)
    raise typer.Exit(_judge(stack, shown, poller, outcome, at_least, inconclusive).code)


@app.command()
@report_refusals(_AFTER_A_REFUSAL)
def rollback(
    to: Annotated[str | None, typer.Option("--to", help="This version, not the one before")] = None,
    strategy: Strategy = None,
    yes: Yes = False,
    machine: Machine = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Put the version before back: all at once, without hooks. Stops a release that is under way. Exit code 0: done."""
    stack = release_stack(local, state_dir, prefix)
    rollback_plan = plan_rollback(stack, to)
    if not machine:
        console.print(f"{_where(stack)}: {rollback_plan.description}", markup=False)
    _require_consent(f"Put version {rollback_plan.version} back?", yes)
    shown = screen(console, machine)
    poller = start_rollback(stack, rollback_plan, strategy)
    outcome = follow(poller, shown, _ask_to_stop) if poller else _report_cleared(shown)
    if poller:
        outcome = _offer_restore(poller, shown, outcome, yes=True)
    else:
        follow_live(stack, shown)
    done = outcome in (
        (ReleaseOutcome.STOPPED, ReleaseOutcome.ROLLED_BACK) if rollback_plan.stops else (ReleaseOutcome.RELEASED,)
    )
    raise typer.Exit(0 if done else outcome.code)


@app.command()
@report_refusals(_AFTER_A_REFUSAL)
def releases(
    machine: Machine = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """List the published versions of notify: what each is, and how much of the traffic it gets."""
    stack = release_stack(local, state_dir, prefix)
    found = versions(stack)
    if machine:
        typer.echo(json.dumps([asdict(version) for version in found], indent=2))
        return
    rows = [
        (one.number, one.release, one.published, one.sha256[:12], f"{one.percent:g} %" if one.percent else "")
        for one in found
    ]
    print_rows(("version", "release", "published", "code", "traffic"), rows)


def _where(stack: Stack) -> str:
    return f"{'laptop cloud, ' if stack.local else ''}account {stack.account}, region {stack.region}"


def _announce(stack: Stack, chosen: ReleasePlan) -> None:
    described = {one.number: one.release for one in versions(stack)}
    now = chosen.live.version
    watched = [*chosen.group_alarms, "the candidate's own"]
    rows = {
        "Where": _where(stack),
        "Live": f"version {now}, release {described.get(now, '?')}",
        "Release": f"{chosen.artifact.release}, {chosen.artifact.path.stat().st_size / 1e6:.1f} MB",
        "Strategy": chosen.config,
        "Alarms": ", ".join(watched),
    }
    for name, value in rows.items():
        console.print(f"{name:9} {value}", markup=False)


def _ask_to_stop() -> bool | None:
    """Yes or no of a person at a terminal; None if there is nobody, or no answer."""
    if not os.isatty(0):
        return None
    try:
        return typer.confirm("\nStop it and put the version before back?", default=False)
    except (typer.Abort, KeyboardInterrupt):
        return None


def _check_again(stack: Stack, functions: LambdaClient, shown: Screen) -> ReleaseOutcome:
    outcome = ReleaseOutcome.RELEASED if check_live(stack, functions, shown) else ReleaseOutcome.FAILED
    passed = outcome is ReleaseOutcome.RELEASED
    shown.say(f"the hooks {'pass' if passed else 'do not pass'} what is live; nothing was moved")
    return outcome


def _offer_restore(poller: Poller, shown: Screen, outcome: ReleaseOutcome, yes: bool) -> ReleaseOutcome:
    """Where CodeDeploy has nothing to roll back to, offer to move the alias back; the outcome after that."""
    failed = poller.unrestored
    if failed is None:
        return outcome
    shown.say(f"CodeDeploy does not roll {failed.id} back: {failed.rollback_message}")
    if not yes and not (os.isatty(0) and typer.confirm(f"Give version {failed.current} all traffic?", default=True)):
        return outcome
    restore(poller.stack, failed.current)
    follow_live(poller.stack, shown)
    shown.say(f"version {failed.current} has all traffic again")
    return ReleaseOutcome.ROLLED_BACK


def _judge(
    stack: Stack, shown: Screen, poller: Poller, outcome: ReleaseOutcome, at_least: int, policy: Inconclusive
) -> ReleaseOutcome:
    """The outcome by the number of real mails that proved a release: with too few, the policy decides."""
    if outcome is not ReleaseOutcome.RELEASED or poller.proof is None or poller.proof.real >= at_least:
        return outcome
    if policy is Inconclusive.ACCEPT:
        return outcome
    shown.say(f"inconclusive: {poller.proof.real} real mails of {at_least}; --inconclusive {policy}")
    if policy is Inconclusive.BACK:
        back = start_rollback(stack, plan_rollback(stack))
        if back and follow(back, shown, _ask_to_stop) is not ReleaseOutcome.RELEASED:
            return ReleaseOutcome.FAILED
    shown.end(ReleaseOutcome.INCONCLUSIVE, None)
    return ReleaseOutcome.INCONCLUSIVE


def _require_consent(question: str, yes: bool) -> None:
    if not yes and not confirm(question):
        raise UserError("nothing was changed")


def _report_cleared(shown: Screen) -> ReleaseOutcome:
    shown.say("the weights are cleared")
    return ReleaseOutcome.RELEASED
