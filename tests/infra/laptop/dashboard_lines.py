"""What the widgets of a dashboard show, read from CloudWatch: for each line its label and its points."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from laptop.clients import LaptopClients

__all__ = ["Line", "Span", "read_lines"]

#: The one shape of expression that the dashboard uses.
_RATE = re.compile(r"(\w+) / PERIOD\(\1\)")


@dataclass(frozen=True, slots=True)
class Span:
    """The time that is drawn, and how many seconds one point stands for; AWS's 300 are fewer on the laptop."""

    start: datetime
    end: datetime
    period: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a widget; `points` are seconds since 1970 and the value in that period."""

    label: str
    points: tuple[tuple[float, float], ...]


def read_lines(clients: LaptopClients, properties: Mapping[str, Any], span: Span) -> list[Line]:
    """The visible lines of a metric widget, in its order.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    by_id: dict[str, Line] = {}
    found: list[tuple[Mapping[str, Any], Line | None]] = []
    for metric in properties["metrics"]:
        options: Mapping[str, Any] = metric[-1] if isinstance(metric[-1], dict) else {}
        line = None if "expression" in options else _read_line(clients, metric, options, properties["stat"], span)
        found.append((options, line))
        if line and "id" in options:
            by_id[options["id"]] = line
    return [
        line or _divide(by_id, options, span.period) for options, line in found if options.get("visible", True) is True
    ]


def _read_line(
    clients: LaptopClients, metric: Sequence[Any], options: Mapping[str, Any], default: str, span: Span
) -> Line:
    namespace, name, *pairs = [part for part in metric if isinstance(part, str)]
    stat: Any = options.get("stat", default)
    percentile = stat.startswith("p")
    asked: dict[str, Any] = {"ExtendedStatistics" if percentile else "Statistics": [stat]}
    dimensions: Any = [{"Name": key, "Value": value} for key, value in zip(pairs[::2], pairs[1::2], strict=True)]
    answer: Any = clients.make_client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=dimensions,
        StartTime=span.start,
        EndTime=span.end,
        Period=span.period,
        **asked,
    )
    points = [
        (point["Timestamp"].timestamp(), point["ExtendedStatistics"][stat] if percentile else point[stat])
        for point in answer["Datapoints"]
    ]
    return Line(options.get("label", name), tuple(sorted(points)))


def _divide(by_id: Mapping[str, Line], options: Mapping[str, Any], period: int) -> Line:
    asked = _RATE.fullmatch(options["expression"])
    assert asked, f"the dashboard has an expression that nothing here computes: {options['expression']}"
    points = by_id[asked[1]].points
    return Line(options["label"], tuple((at, value / period) for at, value in points))
