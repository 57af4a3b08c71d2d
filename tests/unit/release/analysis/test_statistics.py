"""The three figures of a comparison, held to enumeration and to published examples."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from math import comb

import pytest

from release.analysis.statistics import compute_fisher_p, compute_largest_rate, compute_mann_whitney_p, compute_median


def enumerate_tables(bad: int, of: int, other_bad: int, other_of: int) -> float:
    """Fisher's test in whole numbers."""
    whole, all_bad = comb(of + other_of, bad + other_bad), bad + other_bad
    ways = {here: comb(of, here) * comb(other_of, all_bad - here) for here in range(all_bad + 1) if here <= of}
    return float(Fraction(sum(way for way in ways.values() if way <= ways[bad]), whole))


@pytest.mark.parametrize(
    ("table", "p"),
    [((3, 4, 1, 4), 0.4857142857), ((1, 12, 9, 12), 0.002759456185)],
    ids=["the lady tasting tea", "Wikipedia's students"],
)
def test_published_examples(table: tuple[int, int, int, int], p: float) -> None:
    assert compute_fisher_p(*table) == pytest.approx(p)


def test_every_small_table_is_as_enumerated() -> None:
    for of, other_of in ((3, 9), (7, 7), (10, 4)):
        for bad, other_bad in itertools.product(range(of + 1), range(other_of + 1)):
            table = (bad, of, other_bad, other_of)
            assert compute_fisher_p(*table) == pytest.approx(enumerate_tables(*table)), table


@pytest.mark.parametrize("table", [(0, 0, 0, 0), (0, 5, 0, 0), (0, 100, 0, 900), (900, 900, 100, 100)])
def test_where_nothing_differs_nothing_is_found(table: tuple[int, int, int, int]) -> None:
    assert compute_fisher_p(*table) == pytest.approx(1)


def test_many_mails_are_no_trouble() -> None:
    assert 0 < compute_fisher_p(40, 5_000, 300, 45_000) < 1


def test_ranks_are_as_in_the_permutations_of_them() -> None:
    """All 12,870 ways to part 16 different times, and the share of those at least as uneven."""
    ours = [3, 9, 10, 12, 13, 14, 15, 16]
    middle, observed = 8 * 17 / 2, abs(sum(ours) - 8 * 17 / 2)
    parts = [sum(part) for part in itertools.combinations(range(1, 17), 8)]
    exact = sum(abs(one - middle) >= observed for one in parts) / len(parts)
    others = [time for time in range(1, 17) if time not in ours]
    assert compute_mann_whitney_p(ours, others) == pytest.approx(exact, abs=0.005)
    assert compute_mann_whitney_p(others, ours) == compute_mann_whitney_p(ours, others), "it has two sides"


def test_equal_times_and_few_of_them_say_nothing() -> None:
    assert compute_mann_whitney_p([5.0] * 20, [5.0] * 90) == 1
    assert compute_mann_whitney_p([5.0] * 7, [9.0] * 90) == 1


def test_times_with_ties_of_one_distribution_seldom_differ() -> None:
    draws = random.Random(1)
    found = [
        compute_mann_whitney_p([draws.randint(1, 20) for _ in range(30)], [draws.randint(1, 20) for _ in range(200)])
        for _ in range(500)
    ]
    assert 0.02 <= sum(p < 0.05 for p in found) / 500 <= 0.08


@pytest.mark.parametrize(("bad", "of", "rate"), [(0, 100, 0.02951), (0, 0, 1), (5, 5, 1), (2, 50, 0.12061)])
def test_the_largest_rate_is_clopper_and_pearson_s(bad: int, of: int, rate: float) -> None:
    assert compute_largest_rate(bad, of) == pytest.approx(rate, abs=1e-4)


def test_the_median_of_none_one_and_two() -> None:
    assert [compute_median(values) for values in ([], [3.0], [4.0, 1.0], [9.0, 1.0, 2.0])] == [0, 3, 2.5, 2]
