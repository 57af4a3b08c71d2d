"""What a release says that proved it: mails of its hooks, and real ones that its version carried without an error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from laptop.model_validation import hold_to_model
from release.analysis.evidence import collect_evidence
from release.deployments import Deployment
from release.release_context import Names, ReleaseContext
from tests.unit.release.test_hooks import Logs, write_answer

CREATED = datetime.now(UTC) - timedelta(minutes=10)
STAGES = {"BeforeAllowTraffic": "Succeeded", "AfterAllowTraffic": "Succeeded"}
RELEASED = Deployment("d-1", "6", "7", "Succeeded", stages=STAGES, created=CREATED)


@dataclass
class Metrics:
    """CloudWatch with so many invocations and errors of version 7 behind the alias, in two minutes."""

    runs: int
    errors: int = 0

    def get_metric_statistics(self, **request: Any) -> dict[str, Any]:
        dimensions = {each["Name"]: each["Value"] for each in request["Dimensions"]}
        assert dimensions == {
            "FunctionName": "herald-notify",
            "Resource": "herald-notify:live",
            "ExecutedVersion": "7",
        }
        assert request["StartTime"] == CREATED
        whole = {"Invocations": self.runs, "Errors": self.errors}[request["MetricName"]]
        points = [{"Timestamp": CREATED, "Sum": float(part)} for part in (whole // 2, whole - whole // 2)]
        return hold_to_model("cloudwatch", "GetMetricStatistics", {"Datapoints": points})


def context(runs: int, errors: int = 0, logs: Logs | None = None) -> ReleaseContext:
    nothing = cast("Any", None)
    return ReleaseContext(nothing, nothing, cast("Any", Metrics(runs, errors)), Names(), "1", "eu-west-1", logs=logs)


def test_synthetic_and_real_mails_are_told_apart() -> None:
    evidence = collect_evidence(context(43, 1, Logs([write_answer(30)])), RELEASED)
    assert evidence is not None
    assert evidence.describe() == "proved by 60 synthetic and 42 real mails"


def test_a_system_without_traffic_is_proved_by_mails_and_says_so() -> None:
    evidence = collect_evidence(context(0, 0, Logs([write_answer(30)])), RELEASED)
    assert evidence is not None
    assert evidence.describe() == "proved by 60 synthetic and 0 real mails"


def test_where_the_logs_do_not_tell_that_is_said() -> None:
    evidence = collect_evidence(context(5), RELEASED)
    assert evidence is not None
    assert evidence.describe() == "proved by an unknown number of synthetic and 5 real mails"


def test_a_rollback_has_no_hooks_and_nothing_to_prove() -> None:
    skipped = Deployment("d-1", "7", "6", "Succeeded", stages=dict.fromkeys(STAGES, "Skipped"), created=CREATED)
    assert collect_evidence(context(5), skipped) is None
