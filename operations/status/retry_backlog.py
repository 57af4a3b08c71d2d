"""The backlog of the queue `retry`: how much, how long, and what the provider said last.

The queue itself cannot be looked at: who receives a message takes it from `notify`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from function.runtime.metrics import NAMESPACE
from operations.function_log import read_lines
from operations.pause import count_waiting

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["ProviderRefusal", "RetryBacklog", "read_points", "read_waiting"]

Point = tuple[datetime, float]

_DAY = timedelta(days=1)
_STEP = timedelta(minutes=5)
#: An exhausted quota is asked again after an hour, so a series of refusals may have gaps of more than that.
_GAP = timedelta(hours=2)
#: Pages of log lines that are read for the last refusal.
_PAGES = 20


@dataclass(frozen=True, slots=True)
class ProviderRefusal:
    """What the provider said last when it did not take a mail, and since when it has been saying no."""

    words: str
    at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class RetryBacklog:
    """About how many events wait, seconds that the oldest has waited (None: not known), and the last refusal."""

    count: int
    oldest: float | None = None
    refusal: ProviderRefusal | None = None
    #: Why the log that has the refusal could not be read.
    unread: str = ""


def read_waiting(
    sqs: SQSClient, cloudwatch: CloudWatchClient, logs: Any, retry: str, notify: str, now: datetime
) -> RetryBacklog:
    """What waits in the queue at the URL `retry` for the function `notify`."""
    count = count_waiting(sqs, retry)
    if count == 0:
        return RetryBacklog(0)
    queue = {"QueueName": retry.rpartition("/")[2]}
    ages = [
        # SQS's own leaves out what was received three times; notify says how long that has waited, once an hour.
        *read_points(cloudwatch, "AWS/SQS", "ApproximateAgeOfOldestMessage", queue, 2 * _STEP, now, "Maximum"),
        *read_points(cloudwatch, NAMESPACE, "WaitingSeconds", {"Service": notify}, timedelta(hours=1), now, "Maximum"),
    ]
    refused = read_points(cloudwatch, NAMESPACE, "Released", {"Service": notify}, _DAY, now, "Sum")
    oldest = max((age for _, age in ages), default=None)
    try:
        refusal = _read_refusal(logs, notify, [at for at, number in refused if number], now)
    except ClientError as error:
        return RetryBacklog(count, oldest, None, f"AWS answered {error.response['Error']['Code']}")
    return RetryBacklog(count, oldest, refusal)


def read_points(
    cloudwatch: CloudWatchClient,
    namespace: str,
    metric: str,
    dimensions: dict[str, str],
    span: timedelta,
    now: datetime,
    statistic: str,
) -> list[Point]:
    """The points of a metric in steps of five minutes, oldest first; CloudWatch returns them in no order.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
    """
    named: Any = statistic
    answer = cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - span,
        EndTime=now,
        Period=int(_STEP.total_seconds()),
        Statistics=[named],
    )
    points: list[Any] = [*answer.get("Datapoints", [])]
    return sorted((point["Timestamp"], float(point[statistic])) for point in points if statistic in point)


def _read_refusal(logs: Any, notify: str, times: list[datetime], now: datetime) -> ProviderRefusal | None:
    """The last line in the log of `notify` about a refusal; the metric says where to look."""
    since = last = times[-1] if times else now - _GAP
    for earlier in reversed(times[:-1]):
        if since - earlier > _GAP:
            break
        since = earlier
    newest: ProviderRefusal | None = None
    for at, words in _read_refusals(logs, notify, last, now):
        if newest is None or at >= newest.at:
            newest = ProviderRefusal(words, at, min(since, at) if times else at)
    return newest


def _read_refusals(logs: Any, notify: str, start: datetime, now: datetime) -> Iterator[tuple[datetime, str]]:
    lines = read_lines(
        logs,
        notify,
        "Released",
        startTime=int(start.timestamp() * 1000),
        endTime=int(now.timestamp() * 1000) + 1,
        PaginationConfig={"MaxItems": _PAGES * 1000},
    )
    for at, line in lines:
        if line.get("Released") and line.get("detail"):
            yield datetime.fromtimestamp(at / 1000, now.tzinfo), str(line["detail"])
