"""`herald rehearse`."""

from __future__ import annotations

import math
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from herald.account import release_stack
from herald.console import console
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.environment import remove_foreign_settings
from laptop.rehearsal.counting import Count, count
from laptop.rehearsal.load import Load
from laptop.rehearsal.scenarios import SCENARIOS, ScenarioResult, run_scenario
from laptop.state import DEFAULT_STATE
from operations.errors import UserError
from package import build
from release.stack import Stack
from release.traffic import totals
from release.versions import live

__all__ = ["app"]

app = typer.Typer()

#: Seconds that the three releases take on the whole; the events are spread over them.
_LASTS = 45
#: How many mails the canary should see: with fewer, one that crashes in 1 of 3 might pass by luck.
_ENOUGH = 24
_SCALE = 0.02
_CANARY = 10 * 60 * _SCALE
#: Not shortened as much as waiting is: the hold must outlast feedback, which takes this machine's own time.
_HOLD = "300"


@app.command()
def rehearse(
    events: Annotated[int, typer.Option("--events", min=30, help="How many at least")] = 300,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for the last mail, at the most")] = 600.0,
) -> None:
    """Release a good version under load, one that crashes, and one that its hook refuses; then count every mail.

    In a laptop cloud of its own, a minute in 1.2 seconds. Exit code 1 if any promise broke; needs no terminal.
    """
    remove_foreign_settings(os.environ)
    state = DEFAULT_STATE.with_name(f"rehearsal-{os.getpid()}")
    options = Options(state, scale=_SCALE, settings={"HERALD_HOLD_SECONDS": _HOLD}, say=console.print)
    with run_cloud(options) as cloud, tempfile.TemporaryDirectory(dir=state) as folder:
        stack = release_stack(True, state, "herald")
        results, counted = _perform(cloud, stack, events, wait, Path(folder))
    violations = [*(violation for one in results for violation in one.violations()), *counted.violations()]
    for violation in violations:
        console.print(f"BROKEN: {violation}", markup=False)
    if violations:
        raise UserError(f"{len(violations)} promises broke")
    console.print("Every promise was kept.")


def _perform(
    cloud: LaptopCloud, stack: Stack, events: int, wait: float, folder: Path
) -> tuple[list[ScenarioResult], Count]:
    rate = max(2 * _ENOUGH / _CANARY, events / _LASTS)
    percent = max(10, math.ceil(100 * _ENOUGH / (rate * _CANARY)))
    package, since = build("laptop").function_zip, datetime.now(UTC)
    first, results = live(stack).version, []
    console.print(f"{rate:.1f} events a second; canaries get {percent} % for {_CANARY:.0f} s")
    with Load(cloud.clients.sns, cloud.description.topics["events"], events, rate) as load:
        for number, scenario in enumerate(SCENARIOS, 1):
            console.rule(f"{number}. {scenario.title}") if console.is_terminal else console.print(
                f"\n{number}. {scenario.title}"
            )
            results.append(run_scenario(stack, scenario, package, folder, percent, console))
    described = cloud.description
    releases = {
        "source",
        build("laptop").function.release,
        *(one.release for one in results if one.scenario.sees_traffic),
    }
    counted = count(
        described.endpoints["inbox"], cloud.clients.dynamodb, described.tables["ledger"], load.published, releases, wait
    )
    _show(console, stack, first, results, counted, since)
    return results, counted


def _show(
    out: Console, stack: Stack, first: str, results: list[ScenarioResult], counted: Count, since: datetime
) -> None:
    runs_and_errors = totals(stack, [first, *(one.version for one in results)], since)
    before = [release for release in counted.senders if release not in {one.release for one in results}]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("version", "release", "most", "runs", "errors", "mails", "took", "ended"):
        left = heading in ("release", "ended")
        # Only the releases, which may be several, go on in a second line: on a narrow terminal nothing is cut.
        table.add_column(heading, no_wrap=heading != "release", overflow="fold", justify="left" if left else "right")
    table.add_row(
        first, ", ".join(before), "100 %", *map(str, runs_and_errors[first]), _mails_of(counted, before), "", "was live"
    )
    for one in results:
        runs, errors = runs_and_errors[one.version]
        numbers = (f"{one.most:g} %", str(runs), str(errors), _mails_of(counted, [one.release]), f"{one.seconds:.0f} s")
        table.add_row(one.version, one.release, *numbers, one.ended)
    out.print("\nWhat each version did under the alias; most: of the traffic, at the most")
    out.print(table)
    mails = sum(counted.mails.get(one.address, 0) for one in counted.published)
    out.print(
        f"{len(counted.published)} events, {mails} mails: "
        f"{len(counted.missing)} events without one, {len(counted.doubled)} with more than one."
    )


def _mails_of(counted: Count, releases: list[str]) -> str:
    return str(sum(counted.senders.get(release, 0) for release in releases))
