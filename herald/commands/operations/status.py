"""`herald status`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer

from herald.account import AwsAccount, Local, Prefix, StateDir, report_refusals
from herald.console import INTERRUPTED, JsonOption, console, print_json, print_rows
from herald.console import format_age as age
from laptop.state import DEFAULT_STATE
from operations.errors import UsageError
from operations.status.alarms import format_advice
from operations.status.status import HeraldStatus, StatusClients, look
from operations.status.status_lines import describe_status
from webapp.admin.remedy_commands import format_command

__all__ = ["status"]


@report_refusals("nothing was changed")
def status(
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every few seconds, until Ctrl-C")] = False,
    every: Annotated[float, typer.Option("--every", min=1, help="Seconds between refreshes")] = 5,
    as_json: JsonOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Show what is live, what waits and why, and what to do. Also: paused or not, dead letters, feedback, alarms.

    Exit codes: 0 nothing needs an operator, 3 something does.
    """
    if watch and as_json:
        raise UsageError("--watch shows a screen and --json is one document: say one of them")
    account = AwsAccount.choose(local, state_dir, prefix)
    installation, clients = account.installation(), make_status_clients(account)
    while True:
        seen = look(installation, clients, datetime.now(UTC))
        if watch and console.is_terminal:
            console.clear()
        if as_json:
            print_json(asdict(seen) | {"alarms": _describe_alarms(seen)})
        else:
            _show(seen, account)
        if not watch:
            raise typer.Exit(3 if seen.needs_a_person else 0)
        try:
            time.sleep(every)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def make_status_clients(account: AwsAccount) -> StatusClients:
    """The clients that reading the status needs."""
    cloudwatch, logs, codedeploy = map(account.client, ("cloudwatch", "logs", "codedeploy"))
    return StatusClients(account.functions, cloudwatch, logs, codedeploy, account.prefix)


def _show(seen: HeraldStatus, account: AwsAccount) -> None:
    console.print(f"{account.prefix} in {account.where}, {seen.at:%Y-%m-%d %H:%M:%S} UTC", style="dim")
    lines = describe_status(seen, partial(format_command, options=account.options))
    print_rows(("", ""), [(line.label, line.text) for line in lines])
    for label, text in _list_alarms(seen):
        console.print(f"{label}{text}", markup=False)


def _list_alarms(seen: HeraldStatus) -> Iterator[tuple[str, str]]:
    now = seen.at
    for alarm in seen.alarms or ():
        since = age((now - alarm.since).total_seconds() * 1000)
        yield "RINGS  ", f"{alarm.name} for {since}: {alarm.meaning}"
        yield "  do:  ", format_advice(alarm.do, format_command)


def _describe_alarms(seen: HeraldStatus) -> list[dict[str, Any]] | None:
    if seen.alarms is None:
        return None
    return [asdict(alarm) | {"do": format_advice(alarm.do, format_command)} for alarm in seen.alarms]
