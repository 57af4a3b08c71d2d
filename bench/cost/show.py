"""The bills side by side, for a person."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from bench.cost.bill import BUDGET, HERALD, LOG_BUDGET, Bill
from bench.cost.left_out import list_left_out
from bench.cost.prices import prices

__all__ = ["as_json", "show"]


def show(console: Console, bills: Mapping[str, Bill]) -> None:
    """Print the bills, the verdict, and what they leave out."""
    known, ours = prices(), bills[HERALD]
    table = Table("a million mails", "in millions", *(f"{name}, $" for name in bills))
    for column in table.columns[1:]:
        column.justify = "right"
    for line in ours.dollars:
        unit = ours.quantities[line] / (1 if line.startswith("GB") else 1e6)
        table.add_row(line, f"{unit:.2f}", *(f"{bill.dollars[line]:.2f}" for bill in bills.values()))
    table.add_section()
    table.add_row("all", "", *(f"{bill.total:.2f}" for bill in bills.values()))
    table.add_row("SES's own, à la carte", "", *(f"{known['ses_mail'].each() * 1e6:.0f}" for _ in bills))
    console.print(table)
    _verdict(console, "dollars a million mails", ours.total, BUDGET)
    _verdict(console, "bytes of log written for a mail", ours.usage.written, LOG_BUDGET)
    console.print(
        f"largest item of the ledger on this road: {ours.usage.largest} bytes; the references hear no feedback"
    )
    console.print("\nLeft out:")
    for what, dollars in list_left_out(ours.usage, known):
        console.print(f"  {what}: {dollars}")


def as_json(bills: Mapping[str, Bill]) -> dict[str, object]:
    """The same for machines: dollars by line, the totals, and the budgets."""
    return {
        "budget": BUDGET,
        "log_budget": LOG_BUDGET,
        "log_bytes": bills[HERALD].usage.written,
        "bills": {name: {"lines": dict(bill.dollars), "total": bill.total} for name, bill in bills.items()},
    }


def _verdict(console: Console, what: str, value: float, budget: float) -> None:
    verdict = "within" if value <= budget else "OVER"
    console.print(f"{what}: {value:.2f}, {verdict} the budget of {budget:g}")
