"""What each version did under the alias, from the metrics that the alarms read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from ops.release.place import ALIAS, Place

__all__ = ["sums"]


def sums(place: Place, versions: Iterable[str], since: datetime) -> dict[str, tuple[int, int]]:
    """Invocations and errors by version, since a moment."""
    return {
        version: (_sum(place, version, "Invocations", since), _sum(place, version, "Errors", since))
        for version in versions
    }


def _sum(place: Place, version: str, metric: str, since: datetime) -> int:
    function = place.names.notify
    dimensions = {"FunctionName": function, "Resource": f"{function}:{ALIAS}", "ExecutedVersion": version}
    answer = place.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=since,
        EndTime=datetime.now(UTC) + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum"],
    )
    return round(sum(point["Sum"] for point in answer["Datapoints"]))
