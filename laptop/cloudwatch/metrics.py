"""The metrics that AWS publishes for functions, and those that functions log in the embedded metric format.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from laptop.invocations.invocation import InvocationOutcome, InvocationTarget

__all__ = ["MetricPoint", "compute_measuring_time", "read_embedded_points", "run_points"]


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One value of one metric; `at` is in seconds since 1970."""

    namespace: str
    name: str
    value: float
    unit: str
    at: float
    dimensions: Mapping[str, str] = field(default_factory=dict)


def compute_measuring_time(point: MetricPoint, now: float, scale: float) -> float:
    """Return the time, in seconds since 1970, to which alarms assign a point that arrives now.

    Lambda stamps a run's points with the time of the invocation. A run takes real time, however short the laptop's
    periods are, so the time since then is scaled: a run of 30 s takes half of a 60-second period at any factor.
    """
    return now - max(0.0, now - point.at) * scale


def run_points(
    target: InvocationTarget, outcome: InvocationOutcome, began: float, milliseconds: float, weighted: bool = False
) -> list[MetricPoint]:
    """Return the metric points of one run, at the time it began, for each set of dimensions that AWS uses.

    A throttled invocation did not run: it counts neither as an invocation nor as an error. `weighted` says whether the
    alias had two versions: only then is there a dimension `ExecutedVersion`.
    """
    values: dict[str, tuple[float, str]]
    if outcome.ending == "throttled":
        values = {"Throttles": (1, "Count")}
    else:
        values = {
            "Invocations": (1, "Count"),
            "Errors": (float(outcome.ending != "ok"), "Count"),
            "Duration": (milliseconds, "Milliseconds"),
            "Throttles": (0, "Count"),
        }
    return [
        MetricPoint("AWS/Lambda", name, value, unit, began, dimensions)
        for dimensions in _list_dimensions(target, outcome, weighted)
        for name, (value, unit) in values.items()
    ]


def _list_dimensions(target: InvocationTarget, outcome: InvocationOutcome, weighted: bool) -> list[dict[str, str]]:
    function = {"FunctionName": target.name}
    if target.qualifier is None:
        return [function]
    resource = {**function, "Resource": f"{target.name}:{target.qualifier}"}
    if not weighted or outcome.ending == "throttled":
        return [function, resource]
    return [function, resource, {**resource, "ExecutedVersion": outcome.version}]


def read_embedded_points(log: str) -> Iterator[MetricPoint]:
    """Yield the metrics in a log in the embedded metric format; other lines are skipped, as CloudWatch does."""
    for line in log.splitlines():
        if '"_aws"' not in line:
            continue
        try:
            yield from list(_read_line(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _read_line(line: dict[str, Any]) -> Iterator[MetricPoint]:
    at = line["_aws"]["Timestamp"] / 1000
    for definition in line["_aws"]["CloudWatchMetrics"]:
        for metric in definition["Metrics"]:
            values = line[metric["Name"]]
            for value in values if isinstance(values, list) else [values]:
                for names in definition["Dimensions"]:
                    yield MetricPoint(
                        namespace=definition["Namespace"],
                        name=metric["Name"],
                        value=float(value),
                        unit=metric.get("Unit", "None"),
                        at=at,
                        dimensions={name: str(line[name]) for name in names},
                    )
