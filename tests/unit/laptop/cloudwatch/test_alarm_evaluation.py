"""The state of an alarm: its dimensions, its periods, what it does without data, and metric math."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from laptop.cloudwatch.alarm_evaluation import evaluate_alarm
from laptop.cloudwatch.metric_math import evaluate
from laptop.cloudwatch.metrics import MetricPoint, compute_measuring_time
from laptop.emulator.cloudwatch import compute_oldest_age
from laptop.state import ROOT

NOW, SCALE = 10_000.0, 0.1
ONE = {"FunctionName": "f", "Resource": "f:live", "ExecutedVersion": "1"}
TWO = {**ONE, "ExecutedVersion": "2"}
RATE = "IF(sent >= 20, 100 * FILL(hit, 0) / sent, 0)"


class Points:
    """Sums of points, each with its metric, dimensions, time and value."""

    def __init__(self, *points: tuple[str, Mapping[str, str], float, float]) -> None:
        self._points = points

    def __call__(
        self, _: str, name: str, dimensions: Mapping[str, str], _stat: str, start: float, end: float
    ) -> float | None:
        within = [
            value
            for named, of, at, value in self._points
            if (named, dict(of)) == (name, dict(dimensions)) and start < at <= end
        ]
        return sum(within) if within else None


def alarm(dimensions: Mapping[str, str] = ONE, **changes: Any) -> dict[str, Any]:
    return {
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        **changes,
    }


def state(
    rule: dict[str, Any], *points: tuple[str, Mapping[str, str], float, float], scale: float = SCALE
) -> str | None:
    return evaluate_alarm(rule, Points(*points), NOW, scale)


def test_an_alarm_hears_its_own_version_only() -> None:
    error = ("Errors", TWO, NOW - 1, 1.0)
    assert state(alarm(TWO), error) == "ALARM"
    assert state(alarm(ONE), error) == "OK"
    assert state(alarm({"FunctionName": "f"}), error) == "OK"


@pytest.mark.parametrize(("ago", "wanted"), [(0.0, "ALARM"), (5.9, "ALARM"), (6.1, "OK")])
def test_a_period_is_scaled(ago: float, wanted: str) -> None:
    good_since = [("Errors", ONE, NOW - 6 * n - 0.5, 0.0) for n in range(int(ago // 6))]
    assert state(alarm(), ("Errors", ONE, NOW - ago, 1.0), *good_since) == wanted


@pytest.mark.parametrize(("ago", "wanted"), [(6.1, "ALARM"), (17.9, "ALARM"), (18.1, "OK")])
def test_where_values_are_missing_older_periods_count(ago: float, wanted: str) -> None:
    assert state(alarm(), ("Errors", ONE, NOW - ago, 1.0)) == wanted


def test_no_period_is_shorter_than_a_second() -> None:
    assert state(alarm(), ("Errors", ONE, NOW - 0.9, 1.0), scale=0.001) == "ALARM"


def test_what_came_since_the_last_evaluation_is_never_overlooked() -> None:
    error = Points(("Errors", ONE, NOW - 29, 1.0))
    assert evaluate_alarm(alarm(), error, NOW, SCALE) == "OK"
    assert evaluate_alarm(alarm(), error, NOW, SCALE, unseen=30) == "ALARM"


@pytest.mark.parametrize("scale", [1.0, 0.45, 0.02])
@pytest.mark.parametrize(("runs", "wanted"), [(30, "ALARM"), (900, "OK")])
def test_a_run_that_timed_out_rings_at_every_scale_if_it_rings_on_aws(scale: float, runs: float, wanted: str) -> None:
    """It is stamped with its beginning: 15 minutes ago is no minute that the alarm looks at."""
    error = MetricPoint("AWS/Lambda", "Errors", 1.0, "Count", NOW - runs, ONE)
    at = compute_measuring_time(error, NOW, scale)
    good_since = [("Errors", ONE, NOW - n * 60 * scale, 0.0) for n in (1.2, 2.2)]
    assert evaluate_alarm(alarm(), Points(("Errors", ONE, at, 1.0), *good_since), NOW, scale, unseen=0.2) == wanted


@pytest.mark.parametrize(
    ("treatment", "wanted"),
    [("notBreaching", "OK"), ("breaching", "ALARM"), ("missing", "INSUFFICIENT_DATA"), ("ignore", None)],
)
def test_without_data_the_treatment_decides(treatment: str, wanted: str | None) -> None:
    assert state(alarm(TreatMissingData=treatment)) == wanted


@pytest.mark.parametrize(("periods", "wanted"), [([1, 1, 1], "ALARM"), ([1, 0, 1], "OK"), ([1, None, 1], "OK")])
def test_every_period_has_to_cross_the_threshold(periods: list[float | None], wanted: str) -> None:
    points = [("Errors", ONE, NOW - 6 * n - 1, value) for n, value in enumerate(periods) if value is not None]
    assert state(alarm(EvaluationPeriods=3), *points) == wanted


def test_some_of_them_are_enough_where_the_alarm_says_so() -> None:
    points = [("Errors", ONE, NOW - 6 * n - 1, float(n != 1)) for n in range(3)]
    assert state(alarm(EvaluationPeriods=3, DatapointsToAlarm=2), *points) == "ALARM"


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [
        ("GreaterThanOrEqualToThreshold", "ALARM"),
        ("GreaterThanThreshold", "OK"),
        ("LessThanThreshold", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM"),
    ],
)
def test_the_threshold_itself(operator: str, wanted: str) -> None:
    assert state(alarm(ComparisonOperator=operator), ("Errors", ONE, NOW, 1.0)) == wanted


def test_an_alarm_on_an_expression_reckons_with_its_metrics() -> None:
    queries: list[dict[str, Any]] = [{"Id": "rate", "Expression": RATE, "ReturnData": True}]
    for name in ("hit", "sent"):
        metric: dict[str, Any] = {"Namespace": "Herald", "MetricName": name, "Dimensions": []}
        stat = {"Metric": metric, "Stat": "Sum", "Period": 600}
        queries.append({"Id": name, "MetricStat": stat, "ReturnData": False})
    rule = alarm(Metrics=queries, Threshold=4)
    sent: tuple[str, dict[str, str], float, float] = ("sent", {}, NOW - 59, 50.0)
    assert state(rule, sent) == "OK"
    assert state(rule, sent, ("hit", {}, NOW - 30, 2.0)) == "ALARM"
    assert state(rule, sent, ("hit", {}, NOW - 181, 2.0)) == "OK"


@pytest.mark.parametrize(
    ("hit", "sent", "wanted"),
    [(5.0, 100.0, 5.0), (None, 100.0, 0.0), (5.0, 19.0, 0.0), (5.0, None, None)],
)
def test_the_rate_of_infra_is_reckoned(hit: float | None, sent: float | None, wanted: float | None) -> None:
    assert evaluate(RATE, {"hit": hit, "sent": sent}) == wanted


def test_division_by_nothing_is_no_data() -> None:
    assert evaluate("hit / sent", {"hit": 1.0, "sent": 0.0}) is None


@pytest.mark.parametrize("expression", ["absent + 1", "SEARCH('x')", "m[0]", "__import__('os')", "hit.real", "'text'"])
def test_what_is_not_played_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="metric math"):
        evaluate(expression, {"hit": 1.0, "m": 1.0})


def test_a_queues_age_forgets_what_was_received_three_times() -> None:
    messages = [
        {"sent_at": 10.0, "receive_count": 3},
        {"sent_at": 40.0, "receive_count": 2},
        {"sent_at": 70.0},
    ]
    assert compute_oldest_age(messages, 100.0) == 60.0
    assert compute_oldest_age(messages[:1], 100.0) == 0.0


def test_no_alarm_of_terraforms_rings_before_anything_has_run() -> None:
    """At the first apply nothing has any data yet."""
    texts = [path.read_text("utf-8") for path in (ROOT / "infra").rglob("*.tf") if ".terraform" not in path.parts]
    found = {word for text in texts for word in re.findall(r'\b(?:missing|treat_missing_data) += "(\w+)"', text)}
    assert {"missing", "notBreaching"} <= found
    assert not [treatment for treatment in found if state(alarm(TreatMissingData=treatment)) == "ALARM"]
