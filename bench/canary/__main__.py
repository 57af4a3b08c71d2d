"""`python -m bench.canary`: simulates releases, prints the shares, and draws the chart for docs/releasing.md."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.canary.plot import draw
from bench.canary.simulation import FAULTS, RATES, RELEASES, simulate_releases

_PICTURE = Path(__file__).parents[2] / "docs" / "images" / "canary.svg"


def main() -> None:
    found = {fault: [(rate, simulate_releases(fault, rate)) for rate in RATES] for fault in FAULTS}
    for fault, points in found.items():
        shares = "  ".join(f"{rate:g}: {100 * one.back:.1f} % back, {one.met:.1f} met" for rate, one in points)
        sys.stdout.write(f"{fault.name}: {shares}\n")
    _PICTURE.write_text(draw(found, RELEASES), "utf-8")


if __name__ == "__main__":
    main()
