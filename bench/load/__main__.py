"""Measures the web app beside a plain Flask app: `make load`."""

from __future__ import annotations

import argparse

from rich.console import Console
from rich.table import Table

from bench.load import sns_outage, throughput

OURS, THEIRS = "Herald's web app", "plain Flask app"


def main() -> None:
    """Run both measurements and print them as two tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("peer", help="Python of the plain app's environment")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of each app, in turn")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a round")
    options = parser.parse_args()
    console = Console()
    console.print("16 callers at once on one worker each, AWS answering at once; medians of the rounds")
    speed = throughput.measure(options.peer, options.rounds, options.seconds)
    console.print(
        _draw_table(
            {name: {what: f"{figure:.2f}" for what, figure in figures.items()} for name, figures in speed.items()}
        )
    )
    ratio = speed[OURS]["requests a second"] / speed[THEIRS]["requests a second"]
    console.print(f"Herald's web app answers {ratio:.2f} times as many requests as the plain one.\n")
    console.print(
        f"{sns_outage.A_SECOND} requests a second to each; SNS away for {sns_outage.DOWN} seconds; nobody asks again"
    )
    lost = sns_outage.measure(options.peer)
    console.print(
        _draw_table({name: {what: str(figure) for what, figure in figures.items()} for name, figures in lost.items()})
    )


def _draw_table(figures: dict[str, dict[str, str]]) -> Table:
    table = Table("", OURS, THEIRS)
    for what in figures[OURS]:
        table.add_row(what.replace("_", " "), figures[OURS][what], figures[THEIRS][what])
    return table


if __name__ == "__main__":
    main()
