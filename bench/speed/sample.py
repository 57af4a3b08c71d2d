"""The measurements of several rounds, and the comparison of two samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

__all__ = ["Sample", "compute_quartiles"]


@dataclass(slots=True)
class Sample:
    """The figures of each round."""

    rows: list[dict[str, float]] = field(default_factory=list)

    def median(self, *names: str) -> float:
        """Return the median, over the rounds, of the sum of these figures."""
        return median(self._compute_sums(names))

    def spread(self, *names: str) -> tuple[float, float]:
        """Return the first and the third quartile of that sum."""
        return compute_quartiles(self._compute_sums(names))

    def ratios(self, other: Sample, names: Sequence[str]) -> list[float]:
        """Return the ratios of ours to theirs, round by round: what slows the machine slows both."""
        pairs = zip(self._compute_sums(names), other._compute_sums(names), strict=True)
        return [ours / theirs for ours, theirs in pairs]

    def figures(self) -> dict[str, dict[str, float]]:
        """Return the median and quartiles of every figure, for the results file."""
        found = {}
        for name in self.rows[0]:
            low, high = self.spread(name)
            found[name] = {"median": round(self.median(name), 4), "low": round(low, 4), "high": round(high, 4)}
        return found

    def _compute_sums(self, names: Sequence[str]) -> list[float]:
        return [sum(row[name] for name in names) for row in self.rows]


def compute_quartiles(values: Sequence[float]) -> tuple[float, float]:
    """Return the first and the third quartile."""
    ordered, last = sorted(values), len(values) - 1
    return ordered[round(last * 0.25)], ordered[round(last * 0.75)]
