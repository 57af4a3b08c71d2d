"""What each version did while the alias had two of them, from the metrics that the alarms read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from release.stack import ALIAS, Stack

__all__ = ["totals"]


def totals(stack: Stack, versions: Iterable[str], since: datetime) -> dict[str, tuple[int, int]]:
    """Invocations and errors by version, since a moment."""
    return {
        version: (_sum(stack, version, "Invocations", since), _sum(stack, version, "Errors", since))
        for version in versions
    }


def _sum(stack: Stack, version: str, metric: str, since: datetime) -> int:
    function = stack.names.notify
    dimensions = {"FunctionName": function, "Resource": f"{function}:{ALIAS}", "ExecutedVersion": version}
    answer = stack.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=since,
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return round(sum(point["Sum"] for point in answer.get("Datapoints", [])))
