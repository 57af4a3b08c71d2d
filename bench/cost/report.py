"""Prints the bills side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table

from bench.cost.assumptions import AS_MEASURED, Assumptions
from bench.cost.bill import BUDGET, HERALD, LOG_BUDGET, Bill, compute_bill
from bench.cost.digests import measure_digest, measure_scheduled
from bench.cost.http_events import measure_http_posts
from bench.cost.mail_events import measure_mail_events, measure_webhook_posts
from bench.cost.prices import Price, list_prices
from bench.cost.several_recipients import measure_parts
from bench.cost.usage import Usage

__all__ = ["as_json", "print_report"]

_MILLION = 1_000_000
_GB = 1e9
_MONTH = 30 * 86_400
#: What infra/modules/notifier creates: queues, topics and a table that use one key; alarms, two of which watch two
#: metrics; and the number of metrics of docs/metrics.md that occur every month, with three types.
_REUSE = 300
_USERS_OF_THE_KEY = 12
_ALARMS = 17
_METRICS = 46
_POLLERS = 2 * 5 * 3 * 60 * 24 * 30


def print_report(console: Console, bills: Mapping[str, Bill]) -> None:
    """Print the bills, the verdict, and what the bills leave out."""
    known, ours = list_prices(), bills[HERALD]
    table = Table("a million mails", "in millions", *(f"{name}, $" for name in bills))
    for column in table.columns[1:]:
        column.justify = "right"
    for line in ours.dollars:
        unit = ours.quantities[line] / (1 if line.startswith("GB") else 1e6)
        table.add_row(line, f"{unit:.2f}", *(f"{bill.dollars[line]:.2f}" for bill in bills.values()))
    table.add_section()
    table.add_row("all", "", *(f"{bill.total:.2f}" for bill in bills.values()))
    for words, name in (("à la carte", "ses_mail"), ("on Essentials", "ses_mail_essentials")):
        table.add_row(f"SES's own, {words}", "", *(f"{known[name].unit_price * 1e6:.0f}" for _ in bills))
    console.print(table)
    _show_verdict(console, "dollars a million mails", ours.total, BUDGET)
    _show_verdict(console, "bytes of log written for a mail", ours.usage.written, LOG_BUDGET)
    console.print(
        f"largest item of the ledger on this road: {ours.usage.largest} bytes; the references hear no feedback"
    )
    console.print("\nLeft out:")
    for what, dollars in _list_left_out(ours.usage, known):
        console.print(f"  {what}: {dollars}")


def as_json(bills: Mapping[str, Bill]) -> dict[str, object]:
    """Return the report as JSON data: dollars by line, totals, and budgets."""
    return {
        "budget": BUDGET,
        "log_budget": LOG_BUDGET,
        "log_bytes": bills[HERALD].usage.written,
        "bills": {name: {"lines": dict(bill.dollars), "total": bill.total} for name, bill in bills.items()},
    }


def _show_verdict(console: Console, what: str, value: float, budget: float) -> None:
    verdict = "within" if value <= budget else "OVER"
    console.print(f"{what}: {value:.2f}, {verdict} the budget of {budget:g}")


def _list_left_out(usage: Usage, known: dict[str, Price]) -> Iterator[tuple[str, str]]:
    """Yield what the bill leaves out, each with its cost in dollars."""
    kept = usage.kept * _MILLION / _GB * known["table_gb_month"].unit_price * 3
    logs = usage.log_bytes * _MILLION / _GB * known["log_gb_month"].unit_price * 12
    key = known["key_month"].unit_price + _MONTH / _REUSE * _USERS_OF_THE_KEY * known["key_request"].unit_price
    watched = _ALARMS * known["alarm_month"].unit_price + _METRICS * known["metric_month"].unit_price
    mapping = _POLLERS * known["sqs_request"].unit_price
    yield "a million mails: 90 days in the ledger", f"${kept:.2f}"
    yield "a million mails: logs kept for a year", f"${logs:.2f}"
    yield "a million mails: traces, if tracing is on", f"up to ${known['trace'].unit_price * _MILLION:.2f}"
    least, most = (
        compute_bill(measure_mail_events(AS_MEASURED, Assumptions(), batch), known).total for batch in (100, 1)
    )
    yield "a million mails: what became of each, told to others (mail_events)", f"${least:.2f} to ${most:.2f}"
    hooked = compute_bill(measure_webhook_posts(AS_MEASURED, Assumptions()), known).total
    yield "a million mails: the same posted to somebody's URL (mail_webhook), beside mail_events", f"${hooked:.2f}"
    posted = (
        compute_bill(measure_http_posts(AS_MEASURED, Assumptions()), known).total
        + known["http_api_request"].unit_price * _MILLION
    )
    yield "a million mails: their events posted over HTTP one by one (events_api), without tokens", f"${posted:.2f}"
    collected = compute_bill(measure_digest(AS_MEASURED, Assumptions(), 10), known).total
    yield "a million events in digests of ten (scheduling), without SES's hundred thousand mails", f"${collected:.2f}"
    parted = compute_bill(measure_parts(AS_MEASURED, Assumptions(), 10), known).total
    yield "a million mails of events to ten recipients each, without reports", f"${parted:.2f}"
    later = compute_bill(measure_scheduled(AS_MEASURED, Assumptions()), known).total
    yield "a million mails that wait for their time (sendat, scheduling), without reports", f"${later:.2f}"
    yield "a million mails: the publisher's side (outbox row, relay, settling), estimated", "$6"
    yield "a month, whatever it sends: one key, its data keys renewed every 5 minutes", f"${key:.2f}"
    yield "a month: alarms and the metrics of three types", f"${watched:.2f}"
    yield "a month: two mappings that poll empty queues", f"${mapping:.2f}"
    yield "bounces, complaints, retries, cold starts, free tiers, data transfer", "not counted"
