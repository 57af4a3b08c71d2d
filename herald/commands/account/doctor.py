"""`herald doctor`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated

import typer

from doctor.aws_api import Memo
from doctor.check import CheckResult, CheckStatus, find_worst, run
from doctor.checks import CHECKS
from herald.account import AwsAccount, Local, Prefix, StateDir
from herald.console import console
from herald.doctor_context import RecordingFile, SendRate, Topic, build_doctor_context
from laptop.state import DEFAULT_STATE

__all__ = ["doctor", "format_lines", "format_summary"]

_COLOURS = {CheckStatus.OK: "green", CheckStatus.WARNING: "yellow", CheckStatus.WRONG: "bold red"}
#: The width of the longest status and a space.
_INDENT = 9


def doctor(
    domain: Annotated[
        str | None, typer.Option("--domain", help="The sending domain, before the first apply", show_default=False)
    ] = None,
    send_rate: SendRate = 14,
    topic: Topic = None,
    record: RecordingFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: for machines")] = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Check everything that mail depends on, and say what to do. Changes nothing; for before and after the first apply.

    Exit codes: 0 nothing is wrong, 1 something is, 2 it was called wrongly.
    """
    found = build_doctor_context(AwsAccount.choose(local, state_dir, prefix), local, send_rate, topic, domain)
    context = replace(found.check_context, cloud=Memo(found.recorder))
    results = run(CHECKS, context, lambda result: None if as_json else _print(format_lines(result)))
    if as_json:
        typer.echo(json.dumps({"status": find_worst(results), "checks": [asdict(result) for result in results]}))
    else:
        _print([format_summary(results)])
    found.keep(record)
    raise typer.Exit(int(find_worst(results) is CheckStatus.WRONG))


def format_lines(result: CheckResult) -> list[str]:
    """A result in rich's markup. Lines are neither wrapped nor padded, so that they can be copied whole."""
    colour = _COLOURS[result.status]
    first = f"[{colour}]{result.status:<{_INDENT}}[/]{_escape_markup(result.title)}: {_escape_markup(result.finding)}"
    return [first, f"{'':<{_INDENT}}[bold]{_escape_markup(result.remedy)}[/]"] if result.remedy else [first]


def format_summary(results: Sequence[CheckResult]) -> str:
    """The number of results of each status."""
    good, fair, bad = (sum(result.status is status for result in results) for status in CheckStatus)
    return f"{good} ok, {fair} {'warning' if fair == 1 else 'warnings'}, {bad} wrong."


def _print(texts: Sequence[str]) -> None:
    for text in texts:
        console.print(text)


def _escape_markup(text: str) -> str:
    """Escape what rich would take for markup."""
    return text.replace("[", r"\[")
