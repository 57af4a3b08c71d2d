"""One row of the table: ours, the reference, their ratio, the budget, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from bench.speed.sample import Sample, compute_quartiles

__all__ = ["Figure", "compare"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; without a budget it is only reported. Spreads are the first and the third quartile."""

    name: str
    unit: str
    ours: float
    reference: float | None = None
    ratio: float | None = None
    budget: float | None = None
    spread: tuple[float, float] | None = None
    ratio_spread: tuple[float, float] | None = None

    @property
    def verdict(self) -> str:
        """`kept` or `broken`, judged by the ratio if there is one, otherwise by the figure; empty without a budget."""
        if self.budget is None:
            return ""
        judged = self.ours if self.ratio is None else self.ratio
        return "kept" if judged <= self.budget else "broken"

    def as_dict(self) -> dict[str, Any]:
        """Return the row for the results file."""
        return asdict(self) | {"verdict": self.verdict}


def compare(name: str, ours: Sample, theirs: Sample, what: Sequence[str], budget: float | None = None) -> Figure:
    """Compare two samples: CPU milliseconds of both, and the median of the rounds' ratios."""
    ratios = ours.ratios(theirs, what)
    return Figure(
        name,
        "ms CPU",
        ours.median(*what),
        theirs.median(*what),
        median(ratios),
        budget,
        ours.spread(*what),
        compute_quartiles(ratios),
    )
