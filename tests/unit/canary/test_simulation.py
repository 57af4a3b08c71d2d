"""The simulated releases of docs/releasing.md: what they show, and that the picture shows them."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.canary.plot import draw
from bench.canary.simulation import (
    FAULTS,
    RATES,
    RELEASES,
    ReleaseShares,
    SeededFault,
    simulate_release,
    simulate_releases,
)
from release.analysis.comparison import RISK

PICTURE = Path(__file__).parents[3] / "docs" / "images" / "canary.svg"
SVG = "{http://www.w3.org/2000/svg}"


def read_picture(picture: str) -> dict[str, float]:
    """The share that was taken back, in percent, by the fault and rate that its point names."""
    titles = [title.text or "" for title in ElementTree.fromstring(picture).iterfind(f"{SVG}circle/{SVG}title")]
    found = (re.fullmatch(r"(.*): ([\d.]+) % taken back, .* readers met it", title) for title in titles)
    return {one[1]: float(one[2]) for one in found if one}


def test_a_release_is_the_same_each_time() -> None:
    fault = SeededFault("5 %", 0.05)
    assert simulate_release(fault, 14, 3) == simulate_release(fault, 14, 3)
    assert len({simulate_release(fault, 14, seed) for seed in range(5)}) > 1


def test_the_worse_a_version_is_the_surer_it_is_taken_back_and_a_good_one_seldom() -> None:
    shares = [simulate_releases(SeededFault("", letters), 14, 30).back for letters in (0.0, 0.05, 0.3)]
    assert shares == sorted(shares)
    assert shares[0] <= 2 * RISK
    assert shares[-1] > 0.9


def test_on_a_quiet_system_too_few_mails_prove_it() -> None:
    assert simulate_releases(FAULTS[0], 2, 20).inconclusive == 1


@pytest.fixture(scope="module")
def picture() -> str:
    return PICTURE.read_text("utf-8")


def test_the_picture_has_a_point_for_each_fault_and_rate(picture: str) -> None:
    assert len(read_picture(picture)) == len(FAULTS) * len(RATES)


@pytest.mark.parametrize(("number", "rate"), [(0, 0.5), (-1, 5)])
def test_its_points_are_what_the_simulation_gives(picture: str, number: int, rate: float) -> None:
    """Two that are soon simulated."""
    fault = FAULTS[number]
    share = read_picture(picture)[f"{fault.name}, {rate:g} mails a minute"]
    assert share == pytest.approx(100 * simulate_releases(fault, rate, RELEASES).back, abs=0.05)


def test_a_good_version_s_line_stays_below_the_risk_that_the_page_names(picture: str) -> None:
    assert max(share for name, share in read_picture(picture).items() if name.startswith("none,")) < 100 * RISK


def test_it_can_be_read_on_both_grounds_and_needs_nothing_from_elsewhere(picture: str) -> None:
    assert "prefers-color-scheme: dark" in picture
    assert re.findall(r"(?:href|src|url)\W", picture) == []
    ElementTree.fromstring(picture)


def test_no_label_lies_on_another() -> None:
    same = {fault: [(rate, ReleaseShares(1.0, 0.0, 0.0)) for rate in RATES] for fault in FAULTS}
    texts = ElementTree.fromstring(draw(same, 10)).iterfind(f"{SVG}text")
    places = sorted(float(text.attrib["y"]) for text in texts if float(text.attrib["x"]) > 660)
    assert len(places) == len(FAULTS)
    assert all(below - above >= 16 for above, below in itertools.pairwise(places))
    assert places[-1] <= 470
