"""The committed figures of the crash matrix and the soak, `tests/faults/measured.json`, and the runs they come from."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

__all__ = ["COMMITTED", "MEASURED", "SOAKED", "matrix_figures", "read_committed", "soak_figures"]

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "tests" / "faults" / "measured.json"
MEASURED = ROOT / "build" / "faults.json"
SOAKED = ROOT / "build" / "soak.json"


def matrix_figures(measured: dict[str, Any]) -> dict[str, Any]:
    """By subject and crash point, for each way of being delivered again: cells that the handler has, those that are
    lost, duplicated or silent, and those with more than one mail."""
    return {subject["name"]: _by_point(subject["cells"]) for subject in measured["subjects"]}


def soak_figures(measured: dict[str, Any]) -> dict[str, Any]:
    """What a soak says, but for the time that it took."""
    kept = {name: measured[name] for name in ("events", "seed", "totals", "mishaps")}
    return kept | {"broken": len(measured["broken"])}


def read_committed() -> dict[str, Any]:
    """What `tests/faults/measured.json` holds: `matrix`, `soak`, and `kills`, which the tests that count them hold to
    it."""
    found: dict[str, Any] = json.loads(COMMITTED.read_text("utf-8"))
    return found


def _by_point(cells: list[dict[str, Any]]) -> dict[str, Any]:
    figures: dict[str, dict[str, Counter[str]]] = {}
    for cell in cells:
        of_point = figures.setdefault(cell["point"], {})
        counts = of_point.setdefault(cell["again"], Counter(cells=0))
        counts["cells"] += cell["reached"]
        if cell["reached"] and cell["fault"]:
            counts[cell["fault"]] += 1
        if cell["reached"] and cell["mails"] > 1:
            counts["several"] += 1
    return {point: {again: dict(counts) for again, counts in of.items()} for point, of in figures.items()}
