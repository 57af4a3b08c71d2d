"""Evaluates the state of a CloudWatch alarm from its metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from laptop.cloudwatch.metric_math import evaluate

__all__ = ["Statistic", "evaluate_alarm"]

#: (namespace, metric, dimensions, statistic, start, end) -> value, None without data; times in seconds since 1970.
Statistic = Callable[[str, str, Mapping[str, str], str, float, float], float | None]

#: Minimum length of a period in seconds, however small the factor: a user and a deployment must be able to observe one.
SHORTEST = 1.0
#: Number of additional periods to look at: AWS says that there are some, and shows two in its example.
LOOKS_BACK = 2

_CROSSED: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def evaluate_alarm(
    alarm: Mapping[str, Any], look: Statistic, now: float, scale: float, unseen: float = 0.0
) -> str | None:
    """Return `ALARM`, `OK` or `INSUFFICIENT_DATA`, or None to keep the state; `alarm` is as returned by DescribeAlarms.

    Periods end now, not on the minute. If values are missing, more periods than `EvaluationPeriods` are looked at, and
    the newest values found count. `unseen` is the number of seconds since the last evaluation: every period is extended
    by it, so that a slow machine misses no data.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    count = int(alarm["EvaluationPeriods"])
    needed = int(alarm.get("DatapointsToAlarm") or count)
    length = max(_read_period(alarm) * scale, SHORTEST) + unseen
    looked_at = count + LOOKS_BACK
    found = [_compute_datapoint(alarm, look, now - (n + 1) * length, now - n * length) for n in range(looked_at)]
    there = [value for value in found if value is not None][:count]
    return _decide_state(alarm, [*there, *[None] * (count - len(there))], needed)


def _decide_state(alarm: Mapping[str, Any], found: Sequence[float | None], needed: int) -> str | None:
    crossed = _CROSSED[alarm["ComparisonOperator"]]
    missing = alarm.get("TreatMissingData") or "missing"
    there = [value for value in found if value is not None]
    if not there and missing == "missing":
        return "INSUFFICIENT_DATA"
    if not there and missing == "ignore":
        return None
    hits = sum(crossed(value, float(alarm["Threshold"])) for value in there)
    if missing == "breaching":
        hits += len(found) - len(there)
    return "ALARM" if hits >= needed else "OK"


def _read_period(alarm: Mapping[str, Any]) -> float:
    periods = [query["MetricStat"]["Period"] for query in alarm.get("Metrics") or () if "MetricStat" in query]
    return float(max(map(int, periods), default=int(alarm.get("Period") or 60)))


def _compute_datapoint(alarm: Mapping[str, Any], look: Statistic, start: float, end: float) -> float | None:
    queries = alarm.get("Metrics") or ()
    if not queries:
        stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
        return look(alarm["Namespace"], alarm["MetricName"], _read_dimensions(alarm), stat, start, end)
    values: dict[str, float | None] = {}
    for query in queries:
        if "MetricStat" in query:
            metric, stat = query["MetricStat"]["Metric"], query["MetricStat"]["Stat"]
            values[query["Id"]] = look(
                metric["Namespace"], metric["MetricName"], _read_dimensions(metric), stat, start, end
            )
    returned = next(query for query in queries if query.get("ReturnData", True))
    return evaluate(returned["Expression"], values) if "Expression" in returned else values[returned["Id"]]


def _read_dimensions(metric: Mapping[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in metric.get("Dimensions") or ()}
