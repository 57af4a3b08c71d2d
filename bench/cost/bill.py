"""The bill: each line of a usage times its price, for a million mails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.cost.assumptions import Assumptions, Cpu
from bench.cost.prices import Price, list_prices
from bench.cost.usage import Usage, check_then_put, measure_herald, measure_powertools

__all__ = ["BUDGET", "HERALD", "LOG_BUDGET", "Bill", "compute_bill", "compute_bills"]

HERALD = "Herald"
#: Budgets: dollars for a million mails, and bytes of log written per mail (0.4 KiB).
BUDGET = 8.5
LOG_BUDGET = 409.6
_MILLION = 1_000_000
_LINES = {
    "sns_publish": "SNS publishes",
    "sqs_request": "SQS requests",
    "lambda_request": "Lambda invocations",
    "lambda_gb_second": "Lambda GB-seconds",
    "write_unit": "DynamoDB write units",
    "read_unit": "DynamoDB read units",
    "log_gb": "GB of logs",
}


@dataclass(frozen=True, slots=True)
class Bill:
    """The bill for a million mails: the quantity of each line, and its cost in dollars."""

    usage: Usage
    quantities: Mapping[str, float]
    dollars: Mapping[str, float]

    @property
    def total(self) -> float:
        """The sum of all lines, in dollars."""
        return sum(self.dollars.values())


def compute_bill(usage: Usage, known: Mapping[str, Price]) -> Bill:
    """Return the bill for a million of these mails."""
    quantities = {
        words: (usage.log_bytes / 1e9 if name == "log_gb" else getattr(usage, name)) * _MILLION
        for name, words in _LINES.items()
    }
    dollars = {words: quantities[words] * known[name].unit_price for name, words in _LINES.items()}
    return Bill(usage, quantities, dollars)


def compute_bills(cpu: Cpu, given: Assumptions) -> dict[str, Bill]:
    """Return the bills of Herald and of the references, by name."""
    known = list_prices()
    usages = {
        HERALD: measure_herald(cpu, given),
        "Powertools": measure_powertools(cpu, given),
        "check, then put": check_then_put(cpu, given),
    }
    return {name: compute_bill(usage, known) for name, usage in usages.items()}
