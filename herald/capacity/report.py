"""Prints the results of a simulation: a table, a chart, and advice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import plotext
from rich.console import Console
from rich.table import Table

from herald.capacity.aws_limits import EVENT_AGE, UNRESERVED
from herald.capacity.burst_result import BurstResult
from herald.capacity.burst_scenario import BurstScenario

__all__ = ["format_count", "format_duration", "list_advice", "print_report"]

#: Columns that the table with all choices needs; a narrower terminal gets the first choice only.
_WIDE = 76
_HOUR = 3_600
#: Lines of the chart, and ticks on each of its axes.
_LINES, _TICKS = 14, 5
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def print_report(console: Console, results: Mapping[str, tuple[BurstScenario, BurstResult]]) -> None:
    """Print the results: the first is for the concurrency asked for, the others show what another would do."""
    scenario, answer = next(iter(results.values()))
    console.print(
        f"{scenario.burst:,} events against {scenario.rate:g} mails a second, {scenario.seconds:g} s for each"
        + (f", {scenario.quota:,} mails a day" if scenario.quota else "")
        + f" ({_describe_method(answer)})"
    )
    console.print(_draw_table(results if console.width >= _WIDE else {name: results[name] for name in [*results][:1]}))
    console.out(_draw(answer, min(console.width - 1, 100), console.is_terminal))
    for line in list_advice(scenario, answer):
        console.print(f"- {line}")


def _describe_method(answer: BurstResult) -> str:
    if answer.size == 1:
        return "each event by itself"
    return f"simulated in lots: each stands for {answer.size:,} events, times are exact to a few {answer.size:,} s"


def _draw_table(results: Mapping[str, tuple[BurstScenario, BurstResult]]) -> Table:
    table = Table("reserved concurrency")
    for name, (scenario, _) in results.items():
        reserved = f"{scenario.reserved:,}" if scenario.reserves else "none"
        table.add_column(f"{reserved}\n{name}", justify="right")
    rows = [dict(_list_rows(scenario, answer)) for scenario, answer in results.values()]
    for what in rows[0]:
        table.add_row(what, *(row[what] for row in rows))
    return table


def _list_rows(scenario: BurstScenario, answer: BurstResult) -> Iterator[tuple[str, str]]:
    yield "at the rate alone", format_duration(scenario.burst / scenario.rate)
    yield "half of the mails sent after", format_duration(answer.half) if answer.half else "never"
    yield "all done after", format_duration(answer.drained)
    yield "mails sent", f"{answer.sent:,.0f}"
    yield "most in Lambda's queue", format_count(answer.most_in_lambda)
    yield "most in the queue retry", format_count(answer.most_in_retry)
    yield "older than 6 h, on to retry", f"{answer.aged:,.0f}"
    yield "refused by SES, on to retry", f"{answer.released:,.0f}"
    yield "given up after a day, in dead", f"{answer.dead:,.0f}"
    yield "deleted by SQS after 14 days", f"{answer.lost:,.0f}"
    yield "invocations a mail", f"{answer.invocations / max(answer.sent, 1):.2f}"
    yield "SES refusals a mail", f"{(answer.refusals + answer.over_quota) / max(answer.sent, 1):.2f}"
    yield "Lambda's throttles", format_count(answer.throttles)


def _draw(answer: BurstResult, width: int, coloured: bool) -> str:
    """The chart, `width` columns wide; three different marks, so that it can be read without colours."""
    figure = plotext.figure
    figure.clear()
    figure.theme("default" if coloured else "colorless")
    figure.canvas("default")
    figure.plot_size(max(width, 30), _LINES)
    at = [moment.at for moment in answer.moments]
    queues = {
        "sent": ("•", [moment.sent for moment in answer.moments]),
        "in Lambda's queue": ("+", [moment.lambda_queue for moment in answer.moments]),
        "in retry": ("x", [moment.retry_queue for moment in answer.moments]),
    }
    for name, (mark, values) in queues.items():
        figure.draw(figure.signal(at, values, marker=mark).lines(True).label(f"{mark} {name}"))
    figure.legend(False)
    _set_ticks(figure.ruler(0, 0), max(at), format_duration)
    _set_ticks(figure.ruler(1, 0), max(max(values) for _, values in queues.values()), format_count)
    key = "   ".join(f"{mark} {name}" for name, (mark, _) in queues.items())
    return f"{figure.build().string(colorless=not coloured).rstrip()}\n{key}"


def _set_ticks(ruler: Any, most: float, worded: Callable[[float], str]) -> None:
    places = [most * tick / (_TICKS - 1) for tick in range(_TICKS)]
    ruler.ticks(places, [worded(place) for place in places])


def list_advice(scenario: BurstScenario, answer: BurstResult) -> Iterator[str]:
    """Advice on a result, one line each."""
    reservation = f"{scenario.reserved:,}" if scenario.reserves else "nothing"
    yield (
        f"Terraform: send_rate = {scenario.rate:g}, seconds_per_send = {scenario.seconds:g}, reserve_concurrency = "
        f"{str(scenario.reserves).lower()} reserves {reservation}; the queue retry may use {scenario.retry:,}."
    )
    if scenario.reserves and scenario.reserved > scenario.room:
        yield (
            f"The account runs {scenario.account:,} at once and keeps {UNRESERVED} of them unreserved: only "
            f"{scenario.room:,} were counted with. Ask AWS for {scenario.reserved + UNRESERVED:,} (quota L-B99A9384), "
            "or reserve nothing."
        )
    if answer.aged >= 1:
        yield (
            f"{answer.aged:,.0f} events are still in Lambda's queue after {format_duration(EVENT_AGE)}; they go on in "
            "the queue retry, and none is lost by that. The alarm on retry's age will say so."
        )
    if answer.dead >= 1:
        yield (
            f"{answer.dead:,.0f} events become dead letters after a day of refusals: make redrive sends them, or "
            "ask SES for a higher quota first."
        )
    if answer.lost >= 1:
        yield f"{answer.lost:,.0f} events would be deleted by SQS: a burst of this size needs a higher sending rate."
    if answer.drained > _HOUR:
        yield (
            "From the web app's outbox, what the ledger has no record of after an hour is published again: duplicates, "
            "which cost a claim each and no second mail; they are not counted here."
        )


def format_duration(seconds: float) -> str:
    """Format seconds in the two largest units: `1 h 23 min`."""
    left = round(seconds)
    for place, (size, unit) in enumerate(_UNITS[:-1]):
        if left >= size:
            smaller, name = _UNITS[place + 1]
            whole, part = divmod(round(left / smaller), size // smaller)
            return f"{whole} {unit}" + (f" {part} {name}" if part else "")
    return f"{left} s"


def format_count(number: float) -> str:
    """Format a number briefly: `12`, `1,234`, `12 k`, `1.2 M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            short = number / (1e3 if unit == "k" else size)
            return f"{short:.1f} {unit}".replace(".0 ", " ")
    return f"{number:,.0f}"
