"""Compares the candidate with the version before it over the same time: both versions' figures, and the verdict.

The versions are compared repeatedly while mails arrive, and repeated testing raises the risk of a false alarm. So the
next comparison waits until the candidate has half as many mails again, and the k-th gets 1/(k(k+1)) of the risk, split
evenly between the measures: the risks of all comparisons and measures of a release add up to `RISK` at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from release.analysis.statistics import compute_fisher_p, compute_largest_rate, compute_mann_whitney_p, compute_median

__all__ = ["RISK", "Comparison", "Figures", "LookSchedule", "Measure", "compare"]

#: The risk that a release whose candidate is as good as the version before it is called different by any test.
RISK = 0.05
#: The candidate's mails at the first comparison, and the factor by which they must grow until each later one.
_FIRST, _GROWTH = 10, 1.5
#: A candidate counts as slower only if its median is longer by this factor, since with many mails even a millisecond is
#: significant; and only if this many mails were timed, since sandboxes that have just started are slower for a while.
_SLOWER, _TIMED = 1.5, 30
_MEASURES = 5


@dataclass(slots=True)
class Figures:
    """One version's figures while the alias has two: invocations and errors as Lambda counts them; of the deliveries
    that it logged, how many had an unknown outcome, became dead letters, or were otherwise not sent; and for accepted
    mails the milliseconds until acceptance."""

    runs: int = 0
    errors: int = 0
    mails: int = 0
    unknown: int = 0
    letters: int = 0
    unsent: int = 0
    times: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, float]:
        """The figures for JSON."""
        counts = {name: getattr(self, name) for name in ("runs", "errors", "mails", "unknown", "letters", "unsent")}
        ordered = sorted(self.times)
        slow = ordered[min(len(ordered) - 1, len(ordered) * 9 // 10)] if ordered else 0.0
        return {**counts, "median_ms": round(compute_median(ordered)), "p90_ms": round(slow)}


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure compared. `p` is the two-sided p-value; `worse`: the candidate is worse, and not by chance."""

    name: str
    candidate: str
    before: str
    p: float
    worse: bool

    @property
    def confidence(self) -> float:
        """The confidence that the two versions differ, from 0 to 1."""
        return 1 - self.p

    @property
    def certainty(self) -> str:
        """The confidence in words, never rounded up to certainty."""
        return "more than 99.99 %" if self.confidence > 0.9999 else f"{100 * self.confidence:.4g} %"

    def describe(self) -> str:
        """In words, for a line of text."""
        return f"{self.name} {self.candidate} against {self.before} ({self.certainty})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both versions' figures by their numbers, and what was compared."""

    candidate: str
    before: str
    figures: Mapping[str, Figures]
    measures: tuple[Measure, ...]

    @property
    def at_most(self) -> float:
        """The largest share of the candidate's mails that go wrong, with 95 % confidence."""
        ours = self.figures[self.candidate]
        of = max(ours.mails, ours.runs)
        return compute_largest_rate(min(of, ours.errors + ours.unknown + ours.letters + ours.unsent), of)

    @property
    def worse(self) -> list[Measure]:
        """The measures in which the candidate is worse."""
        return [one for one in self.measures if one.worse]

    @property
    def word(self) -> str:
        """The verdict."""
        return "worse" if self.worse else "no worse"

    def describe(self) -> str:
        """The verdict, for a line of text."""
        who = f"version {self.candidate} against version {self.before}"
        if self.worse:
            return f"{who}: worse: {'; '.join(one.describe() for one in self.worse)}"
        mails = self.figures[self.candidate].mails
        if not mails:
            return f"{who}: no mails to compare"
        bound = f"at most {100 * self.at_most:.2g} % of its mails go wrong, with 95 % confidence"
        return f"{who}: no worse in {mails} mails against {self.figures[self.before].mails}; {bound}"

    def as_json(self) -> dict[str, object]:
        """The comparison for JSON."""
        return {
            "figures": {version: one.as_json() for version, one in self.figures.items()},
            "verdict": self.word,
            "at_most": round(self.at_most, 4),
            "measures": {
                one.name: {"p": one.p, "confidence": round(one.confidence, 6), "worse": one.worse}
                for one in self.measures
            },
        }


@dataclass(slots=True)
class LookSchedule:
    """When the versions of a release are compared, and how much of the risk each comparison may take."""

    taken: int = 0
    _next: float = _FIRST

    def take(self, mails: int, last: bool = False) -> float:
        """The risk of a comparison at so many mails of the candidate; 0 if none is due yet, unless it is the `last`."""
        if mails < self._next and not last:
            return 0.0
        self.taken += 1
        self._next = mails * _GROWTH
        return RISK / (self.taken * (self.taken + 1))


def compare(candidate: str, before: str, figures: Mapping[str, Figures], risk: float = RISK) -> Comparison:
    """Compare a candidate; with a `risk` of 0 nothing counts as worse."""
    ours, theirs = figures[candidate], figures[before]
    return Comparison(candidate, before, figures, tuple(_measure(ours, theirs, risk / _MEASURES)))


def _measure(ours: Figures, theirs: Figures, risk: float) -> Iterator[Measure]:
    yield _compare_rates("errors", (ours.errors, ours.runs), (theirs.errors, theirs.runs), risk)
    yield _compare_rates("unknown outcomes", (ours.unknown, ours.mails), (theirs.unknown, theirs.mails), risk)
    yield _compare_rates("letters", (ours.letters, ours.mails), (theirs.letters, theirs.mails), risk)
    yield _compare_rates("not sent", (ours.unsent, ours.mails), (theirs.unsent, theirs.mails), risk)
    p, here, there = (
        compute_mann_whitney_p(ours.times, theirs.times),
        compute_median(ours.times),
        compute_median(theirs.times),
    )
    slower = p < risk and here > _SLOWER * there and min(len(ours.times), len(theirs.times)) >= _TIMED
    yield Measure("time to accept", f"{here:.0f} ms", f"{there:.0f} ms", p, slower)


def _compare_rates(name: str, ours: tuple[int, int], theirs: tuple[int, int], risk: float) -> Measure:
    (bad, of), (other_bad, other_of) = ((min(wrong, whole), whole) for wrong, whole in (ours, theirs))
    p = compute_fisher_p(bad, of, other_bad, other_of)
    more = bool(of and other_of) and bad / of > other_bad / other_of
    return Measure(name, f"{bad} of {of}", f"{other_bad} of {other_of}", p, p < risk and more)
