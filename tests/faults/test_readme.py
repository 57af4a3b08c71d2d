"""README's guarantees are what was measured, and name tests and crash points that there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.defined_tests import list_defined_tests
from tests.faults.figures import ROOT, read_committed
from tests.faults.guarantees import GUARANTEES, Guarantee
from tests.faults.points import POINTS
from tests.faults.readme import PAGES, render_page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_says_what_its_figures_say(page: Path) -> None:
    assert page.read_text("utf-8") == render_page(page, read_committed()), "run make guarantees"


@pytest.mark.parametrize("row", GUARANTEES, ids=lambda row: row.failure[:40])
def test_a_guarantee_names_a_test_that_there_is(row: Guarantee) -> None:
    file, _, test = row.proof.partition("::")
    assert file == "make model" or (test in list_defined_tests(ROOT / file) if test else (ROOT / file).is_file())


def test_every_crash_point_belongs_to_a_guarantee() -> None:
    assert [point.name for point in POINTS if not any(point.name in row.points for row in GUARANTEES)] == []


def test_no_cell_of_heralds_is_broken() -> None:
    ours = [points for name, points in read_committed()["matrix"].items() if name.startswith("Herald")]
    counts = [counts for points in ours for agains in points.values() for counts in agains.values()]
    assert len(ours) == 2
    assert all(not counts.keys() & {"lost", "duplicated", "silent"} for counts in counts)
    assert sum(counts["cells"] for counts in counts) > 700
