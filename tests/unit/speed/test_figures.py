"""What the bench makes of its measurements. What they say is no test."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from bench.speed import cold
from bench.speed.package_variants import PackageVariants
from bench.speed.report import figures, table
from bench.speed.report.figure import Figure, compare
from bench.speed.report.page import fill
from bench.speed.sample import Sample
from bench.speed.warm import WarmResult, Workload

ROOTS = PackageVariants("3.13.0", "python3.13", Path(), Path(), Path(), Path(), 3_300_000, {})
STARTED = ("herald", "powertools", "check_then_put", "floor")
WHOLE = ("imports only", "herald over TLS", "powertools over TLS", "herald without bytecode")
LEVERS = ("powertools without bytecode", "without: botocore's data cut", "without: one TLS context")
MAILS = ("first", "duplicate", "suppressed", "refused")


def starts(*names: str) -> dict[str, Sample]:
    """Starts of which each takes 10 ms more than the one before."""
    took = {"boot_cpu": 5.0, "first_cpu": 1.0, "init_wall": 1.0, "first_wall": 1.0, "modules": 1.0}
    return {name: Sample([{"init_cpu": 10.0 * number, **took}] * 3) for number, name in enumerate(names, 1)}


def warm(subject: str, kind: str, size: int = 1, ms: float = 1.0, **trips: float) -> WarmResult:
    """Invocations that all take as long."""
    return WarmResult(Workload(subject, kind, size), Sample([{"cpu_ms": ms, "wall_ms": ms}] * 3), trips, 0, 10.0)


WARMED = [
    *(warm("herald", kind, ms=2.0, TransactWriteItems=1, SendEmail=1, UpdateItem=1) for kind in MAILS),
    *(warm("powertools", kind, ms=4.0, PutItem=1) for kind in MAILS if kind != "suppressed"),
    *(warm(subject, "first") for subject in ("check_then_put", "floor")),
    warm("feedback", "feedback", 10, 0.5, UpdateItem=0.5),
    warm("relay", "relay", 10, PublishBatch=0.1),
]


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("init", "ms", 100, 300, 0.4, 0.5), "kept"),
        (Figure("init", "ms", 100, 180, 0.6, 0.5), "broken"),
        (Figure("zip", "MB", 3.3, budget=6.0), "kept"),
        (Figure("cost", "$", 9.5, 2.5, budget=9.0), "broken"),
        (Figure("suppressed", "ms", 2.0), ""),
    ],
)
def test_a_verdict_judges_the_ratio_where_there_is_one(figure: Figure, verdict: str) -> None:
    assert figure.verdict == figure.as_dict()["verdict"] == verdict


def test_ratios_are_paired_by_round() -> None:
    slow_then_quick = Sample([{"ms": 10.0}, {"ms": 1.0}, {"ms": 1.0}])
    twice_as_slow = Sample([{"ms": 20.0}, {"ms": 2.0}, {"ms": 2.5}])
    figure = compare("init", slow_then_quick, twice_as_slow, ["ms"])
    assert figure.ratio == 0.5
    assert figure.ratio_spread == (0.4, 0.5)
    assert figure.spread == (1.0, 10.0)


def test_a_quick_bench_judges_every_budget_that_a_whole_one_does() -> None:
    quick = figures.build_sections(ROOTS, starts(*STARTED), WARMED)
    whole = figures.build_sections(ROOTS, starts(*STARTED, *WHOLE, *LEVERS), WARMED)
    judged = {row.name for rows in whole.values() for row in rows if row.budget is not None}
    assert judged == {row.name for rows in quick.values() for row in rows if row.budget is not None}
    assert len(judged) == 5
    assert quick.keys() < whole.keys()


def test_a_start_is_taken_apart_and_held_against_itself_without_each_lever() -> None:
    whole = figures.build_sections(ROOTS, starts(*STARTED, *WHOLE, *LEVERS), WARMED)
    parts = {row.name: row.ours for row in whole["Where it goes, Python 3.13.0"]}
    assert parts == {"interpreter": 5.0, "imports": 50.0, "clients, keys and catalogue": -40.0, "first event": 1.0}
    levers = {row.name: row.ratio for row in whole["Without one lever each, Python 3.13.0"]}
    assert levers["botocore's data cut"] == pytest.approx(11 / 101)
    assert levers["one TLS context"] == pytest.approx(61 / 111), "which is over TLS, both times"
    assert levers["bytecode in the zip"] == pytest.approx(11 / 81)


def test_the_bill_follows_from_the_times_of_the_run() -> None:
    rows = [row for section in figures.build_sections(ROOTS, starts(*STARTED), WARMED).values() for row in section]
    slower = [Figure("warm mail beside powertools, Python 3.13.0", "ms CPU", 50.0, 60.0)]
    assert figures.compute_cost([*rows, *slower])[0].ours > figures.compute_cost(rows)[0].ours + 1


def test_every_row_is_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    sections = figures.build_sections(ROOTS, starts(*STARTED, *WHOLE, *LEVERS), WARMED)
    table.show(Console(width=200), sections)
    printed = capsys.readouterr().out
    assert all(row.name in printed for rows in sections.values() for row in rows)


def test_imports_are_told_by_package_and_the_longest_first() -> None:
    told = """import time: self [us] | cumulative | imported package
import time:       400 |        400 |   _json
import time:      1500 |       1900 | botocore.loaders
import time:      2500 |       2500 | botocore
"""
    assert cold.sum_by_package(told) == {"botocore": 4.0, "the standard library and others": 0.4}


def test_the_page_holds_the_rows_of_a_run_between_its_markers() -> None:
    sections = figures.build_sections(ROOTS, starts(*STARTED), WARMED)
    rows = [{"section": title, **row.as_dict()} for title, each in sections.items() for row in each]
    told = {"at": "2026-11-21T08:00:00", "seconds": 200, "load": {"before": 1.0, "after": 2.0}, "figures": rows}
    before = "# Speed\n<!-- bench: written -->\nfrom before\n<!-- /bench -->\nafter\n"
    written = fill(before, told)
    assert "from before" not in written
    assert written.startswith("# Speed\n<!-- bench: written -->\nMeasured on 2026-11-21 in 200 s")
    assert written.endswith("\n<!-- /bench -->\nafter\n")
    assert "| init, Python 3.13.0 | 10 ms CPU | 20 | 0.50 (0.50 to 0.50) | ≤ 0.45 | broken |" in written
    assert fill(written, told) == written
