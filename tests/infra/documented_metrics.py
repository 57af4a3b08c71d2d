"""What docs/metrics.md promises, read from its two tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

from laptop.state import ROOT

__all__ = ["DocumentedMetric", "read_aws_metrics", "read_own_metrics"]


@dataclass(frozen=True, slots=True)
class DocumentedMetric:
    """One metric of Herald's own: its unit, the functions that write it, and whether also by type."""

    unit: str
    services: frozenset[str]
    by_type: bool


def read_own_metrics() -> dict[str, DocumentedMetric]:
    """Herald's own metrics by name."""
    return {
        _bare(row[0]): DocumentedMetric(row[1], frozenset(row[2].split(", ")), row[3] == "yes")
        for row in _rows("## Herald's own")
    }


def read_aws_metrics() -> set[tuple[str, str, frozenset[str]]]:
    """AWS's metrics: namespace, name, names of the dimensions."""
    return {
        (_bare(row[0]), _bare(row[1]), frozenset(_bare(name) for name in row[2].split(", ") if name))
        for row in _rows("## AWS's")
    }


def _rows(heading: str) -> list[list[str]]:
    text = (ROOT / "docs" / "metrics.md").read_text().split(heading)[1].split("\n## ")[0]
    rows = [line for line in text.splitlines() if re.match(r"\| `", line)]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def _bare(cell: str) -> str:
    return cell.strip().strip("`")
