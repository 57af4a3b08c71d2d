"""Releases as the release tool would judge them, mail by mail, without any of AWS.

What is simulated is chance: how many mails come, which version each meets, and what becomes of it. Everything that
decides is the release tool's own code: how long the canary lasts, when it looks, and what it calls worse.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from statistics import NormalDist

from release.analysis.comparison import Figures, Looks, compare
from release.analysis.pace import Pace

__all__ = ["FAULTS", "RATES", "RELEASES", "SeededFault", "Shares", "SimulatedRelease", "simulate", "simulate_all"]

#: Of each kind.
RELEASES = 1_000
PERCENT, AT_LEAST, OWN = 10.0, 100, 5.0
#: Mails a minute.
RATES = (0.5, 2, 5, 14, 60)
#: Milliseconds that a provider takes to accept a mail: the median, and how widely it varies (of the logarithm).
_MEDIAN, _SPREAD = 120.0, 0.5
#: What goes wrong with any version: one letter in so many mails, an address that is none, say.
_USUAL = 1 / 200
#: Times of a version that are drawn: more tell no more, and take long.
_TIMED = 500
#: From the fastest to the slowest, each as likely as any other.
_TIMES = [_MEDIAN * math.exp(_SPREAD * NormalDist().inv_cdf((n + 0.5) / 4096)) for n in range(4096)]


@dataclass(frozen=True, slots=True)
class SeededFault:
    """What is wrong with a version: the part of its mails that become letters beyond the usual, and by which factor
    it is slower."""

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
    """One release: whether it was taken back, and how many readers had met the fault by then."""

    back: bool
    met: int
    mails: int


@dataclass(frozen=True, slots=True)
class Shares:
    """A thousand releases of a fault at a rate: the part that was taken back, the part that too few mails proved, and
    on the average how many readers met the fault."""

    back: float
    inconclusive: float
    met: float


def simulate(fault: SeededFault, rate: float, seed: int) -> SimulatedRelease:
    """One release of a version with this fault, at so many mails a minute."""
    draws = random.Random(seed)
    lasts = Pace(PERCENT, rate, AT_LEAST, OWN).interval
    mails = _draw_poisson(draws, rate * PERCENT / 100 * lasts)
    new, old, looks = Figures(), Figures(), Looks()
    for number in range(1, mails + 1):
        risk = looks.take(number, last=number == mails)
        if risk:
            _carry(draws, new, number, _USUAL + fault.letters, fault.slower)
            _carry(draws, old, round(number * (100 - PERCENT) / PERCENT), _USUAL, 1.0)
            if compare("new", "old", {"new": new, "old": old}, risk).worse:
                return SimulatedRelease(True, number if fault.slower > 1 else new.letters, number)
    return SimulatedRelease(False, mails if fault.slower > 1 else new.letters, mails)


def simulate_all(fault: SeededFault, rate: float, releases: int = RELEASES) -> Shares:
    """That many releases, each with a seed of its own."""
    found = [simulate(fault, rate, seed) for seed in range(releases)]
    few = sum(not one.back and one.mails < AT_LEAST for one in found)
    met = sum(one.met for one in found) / releases
    return Shares(sum(one.back for one in found) / releases, few / releases, met)


def _carry(draws: random.Random, figures: Figures, mails: int, letters: float, slower: float) -> None:
    """A version has had so many mails in all by now."""
    more = mails - figures.mails
    wrong = _draw_binomial(draws, more, letters)
    figures.runs = figures.mails = mails
    figures.letters += wrong
    timed = min(more - wrong, _TIMED - len(figures.times))
    figures.times += [slower * time for time in draws.choices(_TIMES, k=timed)]


def _draw_binomial(draws: random.Random, of: int, rate: float) -> int:
    """How many of these it strikes: from one that it strikes to the next, as many are spared as chance will have it."""
    struck, at = 0, 0
    while (at := at + 1 + int(math.log(1 - draws.random()) / math.log(1 - rate))) <= of:
        struck += 1
    return struck


def _draw_poisson(draws: random.Random, mean: float) -> int:
    """How many come where so many are expected: exactly below 500, beyond that by the normal curve."""
    if mean > 500:
        return max(0, round(draws.gauss(mean, math.sqrt(mean))))
    limit, product, number = math.exp(-mean), draws.random(), 0
    while product > limit:
        product *= draws.random()
        number += 1
    return number
