"""Measures what each version does while the alias has two of them, from Lambda's metrics and the log of `notify`.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from function.delivery.outcome import OutcomeKind
from operations.errors import UserError
from release.analysis.comparison import Comparison, Figures, compare
from release.deployments import Deployment, list_ended
from release.release_context import ALIAS, ReleaseContext

__all__ = ["Observer", "compare_last_release", "count_totals"]

#: CloudWatch's shortest period of Lambda's metrics, in seconds, and the most datapoints in one answer.
_PERIOD, _MOST = 60, 1440
#: Milliseconds by which a log line may arrive after one that was written later.
_LATE = 60_000
#: Each version writes to log streams that have its number in their names. https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
_STREAM = re.compile(r"\[(\d+)\]")
_FIELDS = {
    OutcomeKind.UNKNOWN: "unknown",
    OutcomeKind.REJECTED: "letters",
    OutcomeKind.PARKED: "letters",
    OutcomeKind.SUPPRESSED: "unsent",
    OutcomeKind.DUPLICATE: "unsent",
    OutcomeKind.HELD: "unsent",
    OutcomeKind.RELEASED: "unsent",
    OutcomeKind.SCHEDULED: "unsent",
    OutcomeKind.COLLECTED: "unsent",
    OutcomeKind.PARTED: "unsent",
    OutcomeKind.CANCELLED: "unsent",
}


@dataclass(slots=True)
class Observer:
    """Collects the figures of versions from `since` on, counting each log line once; `until` is when they stopped
    sharing the traffic, None while they do. Without logs, only what Lambda counts."""

    context: ReleaseContext
    versions: tuple[str, ...]
    since: datetime
    until: datetime | None = None
    figures: dict[str, Figures] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)
    _from: int = 0

    def look(self) -> Mapping[str, Figures]:
        """Update the figures and return them."""
        for version, (runs, errors) in count_totals(self.context, self.versions, self.since, self.until).items():
            ours = self.figures.setdefault(version, Figures())
            ours.runs, ours.errors = runs, errors
        for version, line in self._lines():
            if version in self.figures:
                _add(self.figures[version], line)
        return self.figures

    def _lines(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The deliveries logged since the last look, with the version of each; none if the log cannot be read."""
        if self.context.logs is None:
            return
        start = self._from = max(self._from, int(self.since.timestamp() * 1000))
        more = {"endTime": int(self.until.timestamp() * 1000)} if self.until else {}
        pages = self.context.logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self.context.names.notify}",
            startTime=start,
            filterPattern='"message_id"',
            **more,
        )
        try:
            for page in pages:
                yield from self._select_unseen(page.get("events", []))
        except (BotoCoreError, ClientError):
            return

    def _select_unseen(self, events: Iterable[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for event in events:
            at, stream, message = event.get("timestamp", 0), event.get("logStreamName", ""), event.get("message", "")
            if (known := hash((at, stream, message))) in self._seen:
                continue
            self._seen.add(known)
            self._from = max(self._from, at - _LATE)
            version, line = _STREAM.search(stream), _read(message)
            if version and line:
                yield version[1], line


def _read(message: str) -> dict[str, Any]:
    try:
        line = json.loads(message)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def _add(figures: Figures, line: Mapping[str, Any]) -> None:
    """Count one delivery; lines of synthetic mails name no outcome and are not counted."""
    kind = next((one for one in OutcomeKind if one in line), None)
    if kind is None:
        return
    figures.mails += 1
    if kind is OutcomeKind.SENT:
        figures.times += [float(line["ms"])] if "ms" in line else []
    else:
        setattr(figures, _FIELDS[kind], getattr(figures, _FIELDS[kind]) + 1)


def count_totals(
    context: ReleaseContext, versions: Iterable[str], since: datetime, until: datetime | None = None
) -> dict[str, tuple[int, int]]:
    """Invocations and errors by version, from `since` until `until` or now."""
    return {
        version: (
            _sum(context, version, "Invocations", since, until),
            _sum(context, version, "Errors", since, until),
        )
        for version in versions
    }


def _sum(context: ReleaseContext, version: str, metric: str, since: datetime, until: datetime | None) -> int:
    function = context.names.notify
    now = (until or datetime.now(UTC)) + timedelta(minutes=1)
    dimensions = {"FunctionName": function, "Resource": f"{function}:{ALIAS}", "ExecutedVersion": version}
    minutes = (now - since).total_seconds() / 60
    answer = context.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=since,
        EndTime=now,
        Period=_PERIOD if minutes < _MOST else 60 * _PERIOD,
        Statistics=["Sum"],
    )
    return round(sum(point["Sum"] for point in answer.get("Datapoints", [])))


def compare_last_release(context: ReleaseContext) -> tuple[Deployment, Comparison]:
    """The last release that moved traffic, and its two versions compared while they shared it.

    Raises `UserError` if there was none.
    """
    for one in list_ended(context):
        if one.tried and one.shifts_since is not None and one.target.isdecimal():
            figures = Observer(
                context, (one.current, one.target), one.shifts_since, one.shifted or one.completed
            ).look()
            return one, compare(one.target, one.current, figures)
    raise UserError("no release is known that moved traffic: there is nothing to judge")
