"""What the bill leaves out, each with its size, so that nobody has to guess."""

from __future__ import annotations

from collections.abc import Iterator

from bench.cost.prices import Price
from bench.cost.usage import Usage

__all__ = ["list_left_out"]

_MILLION = 1_000_000
_GB = 1e9
_MONTH = 30 * 86_400
#: What infra/modules/notifier makes: queues, topics and a table on one key; alarms, of which two watch two metrics; the
#: names in docs/metrics.md, three types among them.
_REUSE = 300
_USERS_OF_THE_KEY = 12
_ALARMS = 14
_METRICS = 45
_POLLERS = 2 * 5 * 3 * 60 * 24 * 30


def list_left_out(usage: Usage, known: dict[str, Price]) -> Iterator[tuple[str, str]]:
    """Each with the dollars that it comes to."""
    kept = usage.kept * _MILLION / _GB * known["table_gb_month"].each() * 3
    logs = usage.log_bytes * _MILLION / _GB * known["log_gb_month"].each() * 12
    key = known["key_month"].each() + _MONTH / _REUSE * _USERS_OF_THE_KEY * known["key_request"].each()
    watched = _ALARMS * known["alarm_month"].each() + _METRICS * known["metric_month"].each()
    mapping = _POLLERS * known["sqs_request"].each()
    yield "a million mails: 90 days in the ledger", f"${kept:.2f}"
    yield "a million mails: logs kept for a year", f"${logs:.2f}"
    yield "a million mails: traces, if tracing is on", f"up to ${known['trace'].each() * _MILLION:.2f}"
    yield "a million mails: the publisher's side (outbox row, relay, settling), estimated", "$6"
    yield "a month, whatever it sends: one key, its data keys renewed every 5 minutes", f"${key:.2f}"
    yield "a month: alarms and the metrics of three types", f"${watched:.2f}"
    yield "a month: two mappings that poll empty queues", f"${mapping:.2f}"
    yield "bounces, complaints, retries, cold starts, free tiers, data transfer", "not counted"
