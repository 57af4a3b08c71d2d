"""`herald rehearse`: releases good and bad versions in a laptop cloud of its own, and counts every mail."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.table import Table

from function.reason_codes import ReasonCode
from herald.account import AwsAccount, choose_release_context
from herald.console import console
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.environment import remove_foreign_settings
from laptop.rehearsal.counting import Count, count
from laptop.rehearsal.load import Load, Published
from laptop.rehearsal.scenarios import SCENARIOS, ReleaseScenario, ScenarioResult, run_scenario
from laptop.state import DEFAULT_STATE
from operations.errors import UsageError, UserError
from operations.pause import count_waiting
from operations.redrive.letter_filter import LetterFilter, select_letters
from operations.redrive.plan import plan_redrive
from operations.redrive.send import RedriveResult, redrive_letters
from package import build
from release.lambda_versions.versions import read_live
from release.release_context import ReleaseContext

__all__ = ["app"]

app = typer.Typer()

_WORDS = [one.fault.word for one in SCENARIOS]
#: How often the dead letters are read, of which SQS returns some at a time.
_REDRIVES = 20
#: Seconds that the first three releases take in all; the events are spread over them.
_LASTS = 45
#: The number of mails that the canary should get: with fewer, one that crashes in 1 of 3 might pass by chance.
_ENOUGH = 24
_SCALE = 0.02
_CANARY = 10 * 60 * _SCALE
#: Not scaled down as much as waiting times are: the hold must outlast feedback, whose delay is not scaled.
_HOLD = "300"


@app.command()
def rehearse(
    events: Annotated[int, typer.Option("--events", min=30, help="At least this many events")] = 300,
    wait: Annotated[float, typer.Option("--wait", help="Longest wait for the last mail, in seconds")] = 600.0,
    only: Annotated[
        list[str] | None, typer.Option("--only", help=f"Only one of {', '.join(_WORDS)}; may be repeated")
    ] = None,
) -> None:
    """Release good and bad versions under load, and count all mail. Some crash, are wrong or slow, or a hook refuses
    them.

    In a laptop cloud of its own, a minute in 1.2 seconds. Exit code 1 if any promise broke; needs no terminal.
    """
    chosen = [one for one in SCENARIOS if only is None or one.fault.word in only]
    if unknown := {*(only or ())} - {*_WORDS}:
        raise UsageError(f"there is no release {min(unknown)}: say one of {', '.join(_WORDS)}")
    remove_foreign_settings(os.environ)
    state = DEFAULT_STATE.with_name(f"rehearsal-{os.getpid()}")
    options = Options(state, scale=_SCALE, settings={"HERALD_HOLD_SECONDS": _HOLD}, say=console.print)
    with run_cloud(options) as cloud, tempfile.TemporaryDirectory(dir=state) as folder:
        context = choose_release_context(True, state, "herald")
        results, counted = _perform(cloud, context, events, wait, Path(folder), chosen)
    violations = [*(violation for one in results for violation in one.violations()), *counted.violations()]
    for violation in violations:
        console.print(f"BROKEN: {violation}", markup=False)
    if violations:
        raise UserError(f"{len(violations)} promises broke")
    console.print("Every promise was kept.")


def _perform(
    cloud: LaptopCloud, context: ReleaseContext, events: int, wait: float, folder: Path, chosen: list[ReleaseScenario]
) -> tuple[list[ScenarioResult], Count]:
    rate = max(2 * _ENOUGH / _CANARY, events / _LASTS)
    percent = max(10, math.ceil(100 * _ENOUGH / (rate * _CANARY)))
    package = build("laptop").function_zip
    first, results = read_live(context).version, list[ScenarioResult]()
    console.print(f"{rate:.1f} events a second; canaries get {percent} % for {_CANARY:.0f} s")
    published: list[Published] = []
    waiting = partial(_count_waiting, cloud)
    for loaded, scenarios in groupby(chosen, lambda one: one.loaded):
        least = events if not published else 0
        load = Load(cloud.clients.sns, cloud.descriptor.topics["events"], least, rate, waiting)
        with load if loaded else contextlib.nullcontext():
            for scenario in scenarios:
                title = f"{len(results) + 1}. {scenario.title}"
                console.rule(title) if console.is_terminal else console.print(f"\n{title}")
                results.append(run_scenario(context, scenario, package, folder, percent, console))
        published += load.published
    _redrive(cloud)
    described = cloud.descriptor
    releases = {
        "source",
        build("laptop").function.release,
        *(one.release for one in results if one.scenario.sees_traffic),
    }
    counted = count(
        described.endpoints["inbox"], cloud.clients.dynamodb, described.tables["ledger"], published, releases, wait
    )
    _show(console, first, results, counted)
    return results, counted


def _count_waiting(cloud: LaptopCloud) -> int:
    """The number of events that no function has processed yet, and of reports that wait for `feedback`."""
    answer = httpx.get(f"{cloud.descriptor.endpoints['aws']}/_herald/pending", trust_env=False, timeout=300)
    events: dict[str, int] = answer.raise_for_status().json()
    return sum(events.values()) + count_waiting(cloud.clients.sqs, cloud.descriptor.queues["feedback"])


def _redrive(cloud: LaptopCloud) -> None:
    """Redrive the dead letters that bad versions caused, so that the live version sends their mails."""
    installation = AwsAccount.choose(True, Path(cloud.descriptor.state), "herald").installation()
    done = RedriveResult()
    for _ in range(_REDRIVES):
        letters = select_letters(installation, LetterFilter(reason_code=ReasonCode.PROVIDER_REFUSED))
        if not letters:
            break
        redrive_letters(installation, plan_redrive(letters, installation.record), lambda _: None, done)
    console.print(f"\n{done.total} letters of bad versions were redriven")


def _show(out: Console, first: str, results: list[ScenarioResult], counted: Count) -> None:
    before = [release for release in counted.senders if release not in {one.release for one in results}]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("version", "release", "most", "mails", "seen", "met", "ended"):
        left = heading in ("release", "ended")
        # Only the column of releases, of which there may be several, wraps: on a narrow terminal nothing is cut.
        table.add_column(heading, no_wrap=heading != "release", overflow="fold", justify="left" if left else "right")
    table.add_row(first, ", ".join(before), "100 %", _describe_mails(counted, before), "", "", "was live")
    for one in results:
        sent = _describe_mails(counted, [one.release])
        table.add_row(one.version, one.release, f"{one.most:g} %", sent, one.soon, str(one.met), one.ended)
    out.print("\nWhat each version did; most: of the traffic, at the most; seen: so long after its first part of the")
    out.print("traffic, or before it; met: readers who met its fault")
    out.print(table)
    mails = sum(counted.mails.get(one.address, 0) for one in counted.published)
    out.print(
        f"{len(counted.published)} events, {mails} mails: "
        f"{len(counted.missing)} events without one, {len(counted.doubled)} with more than one."
    )


def _describe_mails(counted: Count, releases: list[str]) -> str:
    return str(sum(counted.senders.get(release, 0) for release in releases))
