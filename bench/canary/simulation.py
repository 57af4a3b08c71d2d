"""Simulates releases mail by mail, judged by the release tool's own code, without AWS.

Only chance is simulated: how many mails come, which version sends each, and what becomes of it. Every decision is made
by the release tool's own code: how long the canary lasts, when it looks, and what counts as worse.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from statistics import NormalDist

from release.analysis.comparison import Figures, LookSchedule, compare
from release.analysis.pace import Pace

__all__ = [
    "FAULTS",
    "RATES",
    "RELEASES",
    "ReleaseShares",
    "SeededFault",
    "SimulatedRelease",
    "simulate_release",
    "simulate_releases",
]

#: Number of releases simulated for each fault and rate.
RELEASES = 1_000
PERCENT, AT_LEAST, OWN = 10.0, 100, 5.0
#: Mails per minute.
RATES = (0.5, 2, 5, 14, 60)
#: Milliseconds that a provider takes to accept a mail: the median, and the standard deviation of the logarithm.
_MEDIAN, _SPREAD = 120.0, 0.5
#: The share of mails that become dead letters with any version, because of an invalid address, for example.
_USUAL = 1 / 200
#: Maximum number of sending times drawn for a version: more would take long and not change the result.
_TIMED = 500
#: The distribution of sending times, fastest to slowest; each is equally likely.
_TIMES = [_MEDIAN * math.exp(_SPREAD * NormalDist().inv_cdf((n + 0.5) / 4096)) for n in range(4096)]


@dataclass(frozen=True, slots=True)
class SeededFault:
    """The fault of a version: the additional share of its mails that become dead letters, and the factor by which it is
    slower.
    """

    name: str
    letters: float = 0.0
    slower: float = 1.0


FAULTS = (
    SeededFault("none", 0.0),
    SeededFault("1 % of its mails", 0.01),
    SeededFault("2 %", 0.02),
    SeededFault("5 %", 0.05),
    SeededFault("10 %", 0.10),
    SeededFault("20 %", 0.20),
    SeededFault("twice as slow", slower=2.0),
    SeededFault("three times as slow", slower=3.0),
)


@dataclass(frozen=True, slots=True)
class SimulatedRelease:
    """The result of one release: whether it was rolled back, and how many readers had been affected by then."""

    back: bool
    met: int
    mails: int


@dataclass(frozen=True, slots=True)
class ReleaseShares:
    """The results of all releases with a fault at a rate.

    `back` is the share that was rolled back, `inconclusive` the share with too few mails for a verdict, `met` the mean
    number of readers affected.
    """

    back: float
    inconclusive: float
    met: float


def simulate_release(fault: SeededFault, rate: float, seed: int) -> SimulatedRelease:
    """Simulate one release of a version with this fault, at `rate` mails per minute."""
    draws = random.Random(seed)
    lasts = Pace(PERCENT, rate, AT_LEAST, OWN).interval
    mails = _draw_poisson(draws, rate * PERCENT / 100 * lasts)
    new, old, schedule = Figures(), Figures(), LookSchedule()
    for number in range(1, mails + 1):
        risk = schedule.take(number, last=number == mails)
        if risk:
            _add_mails(draws, new, number, _USUAL + fault.letters, fault.slower)
            _add_mails(draws, old, round(number * (100 - PERCENT) / PERCENT), _USUAL, 1.0)
            if compare("new", "old", {"new": new, "old": old}, risk).worse:
                return SimulatedRelease(True, number if fault.slower > 1 else new.letters, number)
    return SimulatedRelease(False, mails if fault.slower > 1 else new.letters, mails)


def simulate_releases(fault: SeededFault, rate: float, releases: int = RELEASES) -> ReleaseShares:
    """Simulate `releases` releases, each with its own seed."""
    found = [simulate_release(fault, rate, seed) for seed in range(releases)]
    few = sum(not one.back and one.mails < AT_LEAST for one in found)
    met = sum(one.met for one in found) / releases
    return ReleaseShares(sum(one.back for one in found) / releases, few / releases, met)


def _add_mails(draws: random.Random, figures: Figures, mails: int, letters: float, slower: float) -> None:
    """Draw a version's outcomes up to a total of `mails` mails."""
    more = mails - figures.mails
    wrong = _draw_binomial(draws, more, letters)
    figures.runs = figures.mails = mails
    figures.letters += wrong
    timed = min(more - wrong, _TIMED - len(figures.times))
    figures.times += [slower * time for time in draws.choices(_TIMES, k=timed)]


def _draw_binomial(draws: random.Random, of: int, rate: float) -> int:
    """Draw from a binomial distribution by drawing the distances between hits."""
    struck, at = 0, 0
    while (at := at + 1 + int(math.log(1 - draws.random()) / math.log(1 - rate))) <= of:
        struck += 1
    return struck


def _draw_poisson(draws: random.Random, mean: float) -> int:
    """Draw from a Poisson distribution: exactly up to a mean of 500, by the normal approximation above."""
    if mean > 500:
        return max(0, round(draws.gauss(mean, math.sqrt(mean))))
    limit, product, number = math.exp(-mean), draws.random(), 0
    while product > limit:
        product *= draws.random()
        number += 1
    return number
