"""Prints the table of figures: ours, the reference, their ratio, the budget, the verdict."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from bench.speed.report.figures import Sections

__all__ = ["show"]


def show(console: Console, sections: Sections) -> None:
    """Print the table."""
    table = Table("", "ours", "reference", "ratio", "budget", "verdict", title="Medians, and quartiles in brackets")
    for title, rows in sections.items():
        table.add_section()
        table.add_row(f"[bold]{title}[/bold]")
        for row in rows:
            table.add_row(
                f"  {row.name}",
                f"{row.ours:.4g} {row.unit}{_spread(row.spread)}",
                "" if row.reference is None else f"{row.reference:.4g}",
                "" if row.ratio is None else f"{row.ratio:.2f}{_spread(row.ratio_spread, '.2f')}",
                "" if row.budget is None else f"≤ {row.budget:g}",
                row.verdict,
            )
    console.print(table)


def _spread(between: tuple[float, float] | None, form: str = ".4g") -> str:
    return f" ({between[0]:{form}} to {between[1]:{form}})" if between else ""
