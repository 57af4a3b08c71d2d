"""`make cost`: what a million mails cost."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from rich.console import Console

from bench.cost.assumptions import Assumptions
from bench.cost.bill import compute_bills
from bench.cost.measured import read_last_measured
from bench.cost.report import as_json, print_report

#: Width of the table; a narrower terminal would break its lines.
_WIDTH = 110
_BENCH = Path(__file__).parents[2] / "build" / "bench.json"


def main() -> None:
    """Print the bill; every assumption can be overridden."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--json", action="store_true", help="for machines")
    for one in dataclasses.fields(Assumptions):
        parser.add_argument(f"--{one.name}", type=type(one.default), default=one.default, help="(%(default)s)")
    options = vars(parser.parse_args())
    machine = options.pop("json")
    found = compute_bills(read_last_measured(_BENCH), Assumptions(**options))
    if machine:
        sys.stdout.write(json.dumps(as_json(found), indent=2) + "\n")
    else:
        print_report(Console(width=max(Console().width, _WIDTH), highlight=False), found)


if __name__ == "__main__":
    main()
