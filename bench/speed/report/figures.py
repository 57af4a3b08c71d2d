"""Builds the rows of the table from the measurements, by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.cost.assumptions import Assumptions
from bench.cost.bill import BUDGET, HERALD, LOG_BUDGET, compute_bills
from bench.cost.measured import read_cpu
from bench.speed import cold
from bench.speed.package_variants import PackageVariants
from bench.speed.report.figure import Figure, compare
from bench.speed.sample import Sample
from bench.speed.warm import WarmResult, Workload

__all__ = ["Sections", "build_sections", "compute_cost"]

Sections = dict[str, list[Figure]]
_INIT, _ALL, _CPU = ("init_cpu",), ("init_cpu", "first_cpu"), ("cpu_ms",)


def build_sections(variants: PackageVariants, started: Mapping[str, Sample], warmed: Sequence[WarmResult]) -> Sections:
    """Return all rows of one Python, by section."""
    by = {each.workload: each for each in warmed}
    python = f"Python {variants.python}"
    found = {
        f"Cold start, {python}": [
            *_compare_starts(python, started),
            Figure("zip", "MB", variants.zip_bytes / 1e6, budget=4.0),
        ],
        f"Where it goes, {python}": [Figure(name, "ms CPU", value) for name, value in _compute_parts(started).items()],
        f"Warm, {python}": [*_compare_mails(python, by), *_list_others(by)],
        f"On the wire, {python}": _count_trips(by),
        f"Without one lever each, {python}": [*_compare_levers(started), *_compare_warm_levers(by)],
    }
    return {title: rows for title, rows in found.items() if rows}


def _compare_starts(python: str, started: Mapping[str, Sample]) -> list[Figure]:
    ours = started["herald"]
    found = [compare(f"init, {python}", ours, started["powertools"], _INIT, 0.45)]
    found += [compare(f"init beside {theirs}", ours, started[theirs], _INIT) for theirs in ("check_then_put", "floor")]
    found.append(compare("init and first mail", ours, started["powertools"], _ALL))
    for how in ("over TLS", "without bytecode"):
        if f"herald {how}" in started:
            found.append(
                compare(f"init and first mail {how}", started[f"herald {how}"], started[f"powertools {how}"], _ALL)
            )
    return found


def _compute_parts(started: Mapping[str, Sample]) -> Mapping[str, float]:
    return cold.compute_parts(started) if "imports only" in started else {}


def _compare_mails(python: str, by: Mapping[Workload, WarmResult]) -> list[Figure]:
    first, found = Workload("herald", "first", 1), []
    for theirs, budget in (("powertools", 0.68), ("check_then_put", None), ("floor", None)):
        beside = by[first._replace(subject=theirs)]
        found.append(compare(f"warm mail beside {theirs}, {python}", by[first].sample, beside.sample, _CPU, budget))
    for kind in ("duplicate", "refused"):
        ours, theirs_ = (by[Workload(name, kind, 1)] for name in ("herald", "powertools"))
        found.append(compare(f"{kind} beside powertools", ours.sample, theirs_.sample, _CPU))
    alone = by[Workload("herald", "suppressed", 1)].sample
    found.append(Figure("suppressed", "ms CPU", alone.median(*_CPU), spread=alone.spread(*_CPU)))
    wall, theirs_wall = (by[first._replace(subject=name)].sample for name in ("herald", "powertools"))
    found.append(
        Figure("warm mail, wall", "ms", wall.median("wall_ms"), theirs_wall.median("wall_ms"), None, None,
               wall.spread("wall_ms"))
    )  # fmt: skip
    peaks = (by[first].peak_kib, by[first._replace(subject="powertools")].peak_kib)
    return [*found, Figure("most memory that a mail takes", "KiB", *peaks)]


def _list_others(by: Mapping[Workload, WarmResult]) -> list[Figure]:
    return [_compute_rate(each) for each in by.values() if each.workload.subject in ("feedback", "relay")]


def _compute_rate(each: WarmResult) -> Figure:
    low, high = each.sample.spread(*_CPU)
    name = f"{each.workload.kind} in batches of {each.workload.size} ({each.round_trips:.2f} round trips an event)"
    return Figure(name, "events/s a core", 1000 / each.sample.median(*_CPU), spread=(1000 / high, 1000 / low))


def _count_trips(by: Mapping[Workload, WarmResult]) -> list[Figure]:
    found = []
    for kind, most in (("first", 3.0), ("duplicate", 1.0), ("suppressed", None), ("refused", None)):
        theirs = by.get(Workload("powertools", kind, 1))
        trips = by[Workload("herald", kind, 1)].round_trips
        found.append(Figure(f"round trips, {kind}", "", trips, theirs.round_trips if theirs else None, budget=most))
    opened = sum(each.opened for workload, each in by.items() if workload.subject == "herald")
    return [*found, Figure("connections opened by warm mails in all rounds", "", opened)]


def _compare_levers(started: Mapping[str, Sample]) -> list[Figure]:
    found = []
    for name, slower in started.items():
        if name.startswith("without: "):
            ours = started["herald over TLS" if "TLS" in name else "herald"]
            found.append(compare(name.removeprefix("without: "), ours, slower, _ALL))
    if "herald without bytecode" in started:
        found.append(compare("bytecode in the zip", started["herald"], started["herald without bytecode"], _ALL))
    return found


def _compare_warm_levers(by: Mapping[Workload, WarmResult]) -> list[Figure]:
    found = []
    for name, ours, slower in (
        ("the short way to requests, warm mail", "herald", "without: the short way"),
        ("one TLS context, mail on a new connection", "a new connection for each mail", "without: one TLS context"),
    ):
        pair = [by.get(Workload(each, "first", 1)) for each in (ours, slower)]
        if pair[0] and pair[1]:
            found.append(compare(name, pair[0].sample, pair[1].sample, _CPU))
    return found


def compute_cost(rows: Sequence[Figure]) -> list[Figure]:
    """Return the bill computed from this run's CPU times; the reference processes no feedback."""
    found = compute_bills(read_cpu([row.as_dict() for row in rows]), Assumptions())
    ours, theirs = found[HERALD], found["Powertools"].total
    return [
        Figure("own cost of a million mails", "$", ours.total, theirs, budget=BUDGET),
        Figure("log of a mail", "bytes", ours.usage.written, budget=LOG_BUDGET),
    ]
