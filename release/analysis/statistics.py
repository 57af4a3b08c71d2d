"""Compares two samples without a library: Fisher's exact test, the Mann-Whitney test, and a bound on a proportion.

Each request is routed to one of two versions at random, so what both tests assume is true: if the versions were alike,
each outcome could as well have been the other version's. No distribution of times or faults is assumed. A release needs
nothing else of a statistics library, which would be larger than the tool itself.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

__all__ = ["compute_fisher_p", "compute_largest_rate", "compute_mann_whitney_p", "compute_median"]

#: Tables as unlikely as the observed one count with it; the tolerance allows for rounding.
_TIE = 1 + 1e-7


def compute_fisher_p(bad: int, of: int, other_bad: int, other_of: int) -> float:
    """The two-sided p-value of Fisher's exact test: how likely so uneven a table is if both have the same rate.

    https://en.wikipedia.org/wiki/Fisher%27s_exact_test
    """
    whole, all_bad = of + other_of, bad + other_bad
    possible = range(max(0, all_bad - other_of), min(all_bad, of) + 1)
    logs = [_log_choose(of, here) + _log_choose(other_of, all_bad - here) for here in possible]
    total, observed = _log_choose(whole, all_bad), logs[bad - possible.start]
    return min(1.0, sum(math.exp(one - total) for one in logs if math.exp(one - observed) <= _TIE))


def compute_mann_whitney_p(times: Sequence[float], others: Sequence[float]) -> float:
    """The two-sided p-value of the Mann-Whitney test, by its normal approximation with ties: whether the values of one
    sample tend to be larger. 1 if either has fewer than eight values, for which the approximation is poor.

    https://en.wikipedia.org/wiki/Mann%E2%80%93Whitney_U_test
    """
    here, there = len(times), len(others)
    if min(here, there) < 8:
        return 1.0
    ordered, whole = sorted(others), here + there
    larger = sum(bisect_left(ordered, time) + bisect_right(ordered, time) for time in times) / 2
    ties = sum(alike**3 - alike for alike in Counter([*times, *others]).values())
    variance = here * there / 12 * (whole + 1 - ties / (whole * (whole - 1)))
    if variance <= 0:
        return 1.0
    distance = abs(larger - here * there / 2) - 0.5
    return math.erfc(max(0.0, distance) / math.sqrt(2 * variance))


def compute_largest_rate(bad: int, of: int, confidence: float = 0.95) -> float:
    """The Clopper-Pearson upper bound of the rate at which `bad` ones occur; 1 if all are bad, or if there are none.

    https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Clopper%E2%80%93Pearson_interval
    """
    if bad >= of:
        return 1.0
    low, high = bad / of, 1.0
    for _ in range(50):
        rate = (low + high) / 2
        low, high = (rate, high) if _compute_binomial_cdf(bad, of, rate) > 1 - confidence else (low, rate)
    return high


def compute_median(values: Sequence[float]) -> float:
    """The median; 0 if there are no values."""
    ordered, middle = sorted(values), len(values) // 2
    if not ordered:
        return 0.0
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _compute_binomial_cdf(bad: int, of: int, rate: float) -> float:
    """The probability of at most `bad` ones in a binomial distribution; `rate` is between 0 and 1."""
    yes, no = math.log(rate), math.log1p(-rate) if rate < 1 else -math.inf
    return math.fsum(math.exp(_log_choose(of, k) + k * yes + (of - k) * no) for k in range(bad + 1))


def _log_choose(of: int, chosen: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(chosen + 1) - math.lgamma(of - chosen + 1)
