"""What both versions did, gathered from Lambda's metrics and from the log of `notify`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from function.delivery.outcome import OutcomeKind
from laptop.model_validation import hold_to_model, request_violations
from release.analysis.comparison import Figures
from release.analysis.traffic import Observer
from release.release_context import Names, ReleaseContext

SINCE = datetime.now(UTC) - timedelta(minutes=10)


@dataclass
class Log:
    """CloudWatch's log of notify in pages, and its metrics."""

    pages: list[list[dict[str, Any]]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    refuses: bool = False

    def get_paginator(self, operation: str) -> Log:
        assert operation == "filter_log_events"
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        assert not request_violations("logs", "FilterLogEvents", request)
        self.asked.append(request)
        if self.refuses:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "FilterLogEvents")
        for page in self.pages:
            yield hold_to_model("logs", "FilterLogEvents", {"events": page})

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        ours = request["Dimensions"][-1]["Value"] == "8"
        points = {"Invocations": 12.0 if ours else 90.0, "Errors": 2.0 if ours else 0.0}
        return {"Datapoints": [{"Sum": points[request["MetricName"]]}]}


def event(number: int, kind: str, version: str = "8", seconds: float = 1.0, **more: Any) -> dict[str, Any]:
    at = int((SINCE.timestamp() + seconds) * 1000)
    line = json.dumps({kind: 1, "message_id": f"m{number}", **more})
    stream = f"2026/11/28/[{version}]0a1b"
    return {"timestamp": at, "logStreamName": stream, "message": line}


def observe(log: Log) -> Observer:
    nothing, clients = cast("Any", None), cast("Any", log)
    return Observer(ReleaseContext(nothing, nothing, clients, Names(), "1", "eu-west-1", logs=log), ("7", "8"), SINCE)


def test_each_version_gets_its_own_lines_and_metrics() -> None:
    log = Log([[event(1, "Sent", ms=40), event(2, "Sent", "7", ms=60)], [], [event(3, "Rejected"), event(4, "Sent")]])
    figures = observe(log).look()
    assert figures["8"] == Figures(12, 2, mails=3, letters=1, times=[40.0])
    assert figures["7"] == Figures(90, 0, mails=1, times=[60.0])
    assert log.asked[0]["logGroupName"] == "/aws/lambda/herald-notify"


def test_a_line_that_is_read_again_counts_once_and_what_comes_late_is_not_missed() -> None:
    log = Log([[event(1, "Sent", seconds=300)]])
    watching = observe(log)
    watching.look()
    log.pages = [[event(1, "Sent", seconds=300), event(2, "Unknown", seconds=299)]]
    assert watching.look()["8"] == Figures(12, 2, mails=2, unknown=1)
    began = [request["startTime"] for request in log.asked]
    assert began[1] - began[0] == 240_000, "a minute before the last line"


@pytest.mark.parametrize("kind", OutcomeKind)
def test_every_outcome_is_counted_as_one_thing(kind: OutcomeKind) -> None:
    ours = observe(Log([[event(1, kind)]])).look()["8"]
    assert ours.mails == 1
    assert ours.unknown + ours.letters + ours.unsent == (kind is not OutcomeKind.SENT)


@pytest.mark.parametrize(
    "other",
    [
        event(1, "Synthetic", outcome="Sent"),
        event(1, "Sent", version="9"),
        {**event(1, "Sent"), "logStreamName": "2026/11/28/[$LATEST]0a1b"},
        {**event(1, "Sent"), "message": "REPORT RequestId: message_id"},
        {**event(1, "Sent"), "message": "[]"},
        {},
    ],
    ids=["synthetic", "another version", "no version", "no JSON", "no object", "nothing at all"],
)
def test_what_is_no_delivery_of_theirs_does_not_count(other: dict[str, Any]) -> None:
    figures = observe(Log([[other]])).look()
    assert figures["8"].mails == figures["7"].mails == 0


def test_who_may_not_read_the_log_has_what_lambda_counts() -> None:
    assert observe(Log(refuses=True)).look()["8"] == Figures(12, 2)
