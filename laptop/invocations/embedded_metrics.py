"""Lines of a function's log that are metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from laptop.invocations.metrics import Point

__all__ = ["points"]


def points(log: str) -> Iterator[Point]:
    """The metrics in a log; what is not in the format is skipped, as CloudWatch skips it."""
    for line in log.splitlines():
        if '"_aws"' not in line:
            continue
        try:
            yield from list(_in_line(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _in_line(line: dict[str, Any]) -> Iterator[Point]:
    at = line["_aws"]["Timestamp"] / 1000
    for definition in line["_aws"]["CloudWatchMetrics"]:
        for metric in definition["Metrics"]:
            said = line[metric["Name"]]
            for value in said if isinstance(said, list) else [said]:
                for names in definition["Dimensions"]:
                    yield Point(
                        namespace=definition["Namespace"],
                        name=metric["Name"],
                        value=float(value),
                        unit=metric.get("Unit", "None"),
                        at=at,
                        dimensions={name: str(line[name]) for name in names},
                    )
