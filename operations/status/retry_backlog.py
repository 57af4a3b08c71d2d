"""The backlog of the queue `retry`: how many events, how long they have waited, and the provider's last refusal.

The queue itself cannot be read: receiving a message would take it from `notify`.
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
#: After an exhausted quota the next try is an hour later, so the refusals of one series may be further apart than that.
_GAP = timedelta(hours=2)
#: Most pages of log lines that are read for the last refusal.
_PAGES = 20


@dataclass(frozen=True, slots=True)
class ProviderRefusal:
    """The provider's last message when it refused a mail, and since when it has been refusing."""

    words: str
    at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class RetryBacklog:
    """The approximate number of waiting events, how many seconds the oldest has waited (None: not known), and the last
    refusal."""

    count: int
    oldest: float | None = None
    refusal: ProviderRefusal | None = None
    #: Why the log with the refusal could not be read.
    unread: str = ""


def read_waiting(
    sqs: SQSClient, cloudwatch: CloudWatchClient, logs: Any, retry: str, notify: str, now: datetime
) -> RetryBacklog:
    """Return what waits for the function `notify` in the queue with the URL `retry`."""
    count = count_waiting(sqs, retry)
    if count == 0:
        return RetryBacklog(0)
    queue = {"QueueName": retry.rpartition("/")[2]}
    ages = [
        # SQS's own age metric ignores messages received three times; notify reports how long those have waited, once an
        # hour.
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
    """Return the points of a metric in steps of five minutes, oldest first; CloudWatch returns them unordered.

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
    """Return the last refusal in the log of `notify`; the metric's times say where to search."""
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
