"""`herald capacity`."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Annotated

import typer

from herald.capacity.aws_limits import ACCOUNT_CONCURRENCY
from herald.capacity.burst_scenario import BurstScenario
from herald.capacity.report import print_report
from herald.capacity.simulation import simulate_burst
from herald.console import console
from operations.errors import UsageError

__all__ = ["capacity"]


def capacity(
    rate: Annotated[str, typer.Option("--rate", help="Mails per second that SES allows", show_default=False)],
    burst: Annotated[str, typer.Option("--burst", help="Events published at once", show_default=False)],
    seconds: Annotated[float, typer.Option("--seconds", help="How long one delivery takes")] = 0.25,
    quota: Annotated[int | None, typer.Option("--quota", help="Mails in 24 hours that SES allows")] = None,
    over: Annotated[float, typer.Option("--over", help="Seconds that publishing takes")] = 0.0,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", help="Concurrency reserved for notify, instead of the default")
    ] = None,
    account: Annotated[int, typer.Option("--account", help="The account's concurrency")] = ACCOUNT_CONCURRENCY,
    reserve: Annotated[bool, typer.Option("--reserve/--no-reserve", help="As reserve_concurrency in Terraform")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document: for machines")] = False,
) -> None:
    """Simulate how long a burst of events takes to become mails. Shows what waits where, and which concurrency is
    right."""
    scenario = BurstScenario(
        _read_number("RATE", rate),
        round(_read_number("BURST", burst)),
        seconds,
        quota,
        over,
        concurrency,
        account=account,
        reserves=reserve,
    )
    if as_json:
        answer = dataclasses.asdict(simulate_burst(scenario))
        typer.echo(json.dumps({"question": _describe(scenario), "answer": answer}, indent=2))
        return
    print_report(console, {name: (one, simulate_burst(one)) for name, one in _list_choices(scenario).items()})


def _list_choices(scenario: BurstScenario) -> dict[str, BurstScenario]:
    """The scenario asked for, and those to compare it with."""
    if not scenario.reserves:
        return {"reserved": scenario, "Terraform's": dataclasses.replace(scenario, reserves=True)}
    if scenario.concurrency is not None:
        return {"yours": scenario, "Terraform's": dataclasses.replace(scenario, concurrency=None)}
    return {
        "Terraform's": scenario,
        "half of it": dataclasses.replace(scenario, concurrency=max(1, scenario.reserved // 2)),
        "reserved": dataclasses.replace(scenario, reserves=False),
    }


def _describe(scenario: BurstScenario) -> dict[str, object]:
    derived = {"reserved": scenario.reserved, "retry": scenario.retry, "room": scenario.room}
    return dataclasses.asdict(scenario) | derived


def _read_number(what: str, text: str) -> float:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"{what} is a number, and {text!r} is none: make capacity RATE=14 BURST=100000")
    return number
