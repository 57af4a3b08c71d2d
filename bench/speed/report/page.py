"""`python -m bench.speed.report.page` writes the tables of docs/performance.md from the last `make bench`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from bench.speed.package_variants import ROOT

__all__ = ["fill"]

_PAGE = ROOT / "docs" / "performance.md"
_MEASURED = ROOT / "build" / "bench.json"
_MARKED = re.compile(r"(<!-- bench: [^>]*-->\n).*(<!-- /bench -->)", re.DOTALL)


def main() -> None:
    """Replace everything between the markers of the page."""
    _PAGE.write_text(fill(_PAGE.read_text("utf-8"), json.loads(_MEASURED.read_text("utf-8"))), "utf-8")
    sys.stdout.write(f"written: {_PAGE.relative_to(ROOT)}\n")


def fill(page: str, report: Mapping[str, Any]) -> str:
    """Return the page with the results of one run between its markers."""
    content = "\n".join(_render_lines(report))
    return _MARKED.sub(lambda match: f"{match[1]}{content}\n{match[2]}", page)


def _render_lines(report: Mapping[str, Any]) -> Iterator[str]:
    load = report["load"]
    yield f"Measured on {report['at'][:10]} in {report['seconds']:.0f} s, on a machine that did other work meanwhile:"
    yield f"load {load['before']} before, {load['after']} after. Medians, with the quartiles of each ratio."
    section = None
    for row in report["figures"]:
        if row["section"] != section:
            section = row["section"]
            yield from ("", f"| {section} | ours | reference | ratio | budget | |", "|---|---|---|---|---|---|")
        yield _render_row(row)


def _render_row(row: Mapping[str, Any]) -> str:
    cells = [row["name"], f"{row['ours']:.4g} {row['unit']}".strip(), "", "", "", row["verdict"]]
    if row["reference"] is not None:
        cells[2] = f"{row['reference']:.4g}"
    if row["ratio"] is not None:
        low, high = row["ratio_spread"]
        cells[3] = f"{row['ratio']:.2f} ({low:.2f} to {high:.2f})"
    if row["budget"] is not None:
        cells[4] = f"≤ {row['budget']:g}"
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
