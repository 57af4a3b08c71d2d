"""What each version did while the alias had two of them, from the metrics that the alarms read.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from release.stack import ALIAS, Stack

__all__ = ["totals"]

#: CloudWatch's shortest period of Lambda's metrics, in seconds, and the most datapoints that it gives in one answer.
_PERIOD, _MOST = 60, 1440


def totals(stack: Stack, versions: Iterable[str], since: datetime) -> dict[str, tuple[int, int]]:
    """Invocations and errors by version, since a moment."""
    return {
        version: (_sum(stack, version, "Invocations", since), _sum(stack, version, "Errors", since))
        for version in versions
    }


def _sum(stack: Stack, version: str, metric: str, since: datetime) -> int:
    function, now = stack.names.notify, datetime.now(UTC) + timedelta(minutes=1)
    dimensions = {"FunctionName": function, "Resource": f"{function}:{ALIAS}", "ExecutedVersion": version}
    minutes = (now - since).total_seconds() / 60
    answer = stack.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=since,
        EndTime=now,
        Period=_PERIOD if minutes < _MOST else 60 * _PERIOD,
        Statistics=["Sum"],
    )
    return round(sum(point["Sum"] for point in answer.get("Datapoints", [])))
