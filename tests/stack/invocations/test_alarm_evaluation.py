"""Metrics and alarms: what a function logs is a metric, and an alarm on one version hears nothing of another."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stack.invocations.probe import Probe
from tests.waiting import eventually


@pytest.fixture
def alarms(function: Probe) -> Iterator[list[str]]:
    """Names of alarms, taken away afterwards."""
    names: list[str] = []
    yield names
    cloudwatch(function).delete_alarms(AlarmNames=names)


def test_an_embedded_line_becomes_the_metric_that_it_describes(function: Probe) -> None:
    metrics = [{"Name": "Sent", "Unit": "Count"}, {"Name": "Waits", "Unit": "Milliseconds"}]
    definition = {"Namespace": function.name, "Dimensions": [["Service"], ["Service", "Type"]], "Metrics": metrics}
    said = {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [definition]}}
    function.invoke({"say": {**said, "Service": "probe", "Type": "book.created", "Sent": 2, "Waits": [10, 30]}})
    assert total(function, function.name, "Sent", Service="probe") == 2
    assert total(function, function.name, "Sent", Service="probe", Type="book.created") == 2
    assert total(function, function.name, "Waits", Service="probe") == 40
    assert total(function, function.name, "Sent", Service="another") is None


def test_a_version_behind_an_alias_counts_for_itself(function: Probe) -> None:
    function.weigh({"2": 1.0})
    function.invoke({"fail": "2"})
    function.weigh({})
    function.invoke({"fail": "2"})
    alias = {"FunctionName": function.name, "Resource": f"{function.name}:live"}
    assert total(function, "AWS/Lambda", "Invocations", FunctionName=function.name) == 2
    assert total(function, "AWS/Lambda", "Invocations", **alias) == 2
    assert total(function, "AWS/Lambda", "Errors", **alias) == 1
    assert total(function, "AWS/Lambda", "Errors", **alias, ExecutedVersion="2") == 1
    assert total(function, "AWS/Lambda", "Errors", **alias, ExecutedVersion="1") is None, "not while it is alone"


def test_an_alarm_fires_for_its_version_only_and_goes_back(function: Probe, alarms: list[str]) -> None:
    """By the alarms' history: an alarm that goes back after a second may do so between two looks at it."""
    first, second = (on_errors(function, version) for version in ("1", "2"))
    alarms += [first, second]
    eventually(lambda: states(function, alarms), lambda seen: seen == ["OK", "OK"])
    function.weigh({"2": 1.0})
    function.invoke({"fail": "2"})
    eventually(lambda: history(function, second), lambda seen: seen[-2:] == ["ALARM", "OK"])
    assert "ALARM" not in history(function, first)


def test_an_alarm_without_data_is_what_its_treatment_says(function: Probe, alarms: list[str]) -> None:
    wanted = {"notBreaching": "OK", "breaching": "ALARM", "missing": "INSUFFICIENT_DATA"}
    alarms += [on_errors(function, "7", treatment) for treatment in wanted]
    eventually(lambda: states(function, alarms), lambda seen: seen == [*wanted.values()])


def test_an_alarm_on_a_rate_reckons_it(function: Probe, alarms: list[str]) -> None:
    alarms += [on_a_rate(function, least) for least in (4, 1)]  # evaluated in this order
    put(function, sent=3, hit=3)
    eventually(lambda: states(function, alarms)[1], lambda second: second == "ALARM")
    assert states(function, alarms) == ["OK", "ALARM"], "three mails are too few for the first to tell"
    put(function, sent=12)
    eventually(lambda: states(function, alarms)[0], lambda first: first == "ALARM")
    put(function, sent=12)
    eventually(lambda: states(function, alarms)[0], lambda first: first == "OK")


def test_a_dead_letter_rings(function: Probe, alarms: list[str]) -> None:
    queue = function.queue()
    alarms.append(f"{function.name}-dead")
    cloudwatch(function).put_metric_alarm(
        AlarmName=alarms[0],
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": queue.rpartition("/")[2]}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    eventually(lambda: states(function, alarms), lambda seen: seen == ["OK"])
    function.herald.clients.sqs.send_message(QueueUrl=queue, MessageBody="a letter")
    eventually(lambda: states(function, alarms), lambda seen: seen == ["ALARM"])


def cloudwatch(function: Probe) -> Any:
    return function.herald.clients.make_client("cloudwatch")


def states(function: Probe, names: list[str]) -> list[str]:
    described = cloudwatch(function).describe_alarms(AlarmNames=names)["MetricAlarms"]
    found = {alarm["AlarmName"]: alarm["StateValue"] for alarm in described}
    return [found[name] for name in names]


def on_errors(function: Probe, version: str, missing: str = "notBreaching") -> str:
    name = f"{function.name}-{version}-{missing}"
    dimensions = {"FunctionName": function.name, "Resource": f"{function.name}:live", "ExecutedVersion": version}
    cloudwatch(function).put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=pairs(dimensions),
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData=missing,
    )
    return name


def on_a_rate(function: Probe, least: int) -> str:
    """An alarm on hits in a hundred mails, once so many mails were sent."""
    name = f"{function.name}-rate-{least}"
    expression = f"IF(sent >= {least}, 100 * FILL(hit, 0) / sent, 0)"
    queries = [
        {"Id": "rate", "Expression": expression, "ReturnData": True},
        *({"Id": metric, "MetricStat": stat(function, metric), "ReturnData": False} for metric in ("hit", "sent")),
    ]
    cloudwatch(function).put_metric_alarm(
        AlarmName=name,
        Metrics=queries,
        EvaluationPeriods=1,
        Threshold=20,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    return name


def history(function: Probe, name: str) -> list[str]:
    """The states that an alarm has had, oldest first."""
    found = cloudwatch(function).describe_alarm_history(
        AlarmName=name, HistoryItemType="StateUpdate", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    return [json.loads(item["HistoryData"])["newState"]["stateValue"] for item in found]


def stat(function: Probe, name: str) -> dict[str, Any]:
    metric = {"Namespace": function.name, "MetricName": name, "Dimensions": pairs({"Service": "probe"})}
    return {"Metric": metric, "Stat": "Sum", "Period": 86400}


def put(function: Probe, **values: float) -> None:
    data = [
        {"MetricName": name, "Dimensions": pairs({"Service": "probe"}), "Value": value}
        for name, value in values.items()
    ]
    cloudwatch(function).put_metric_data(Namespace=function.name, MetricData=data)


def total(function: Probe, namespace: str, metric: str, **dimensions: str) -> float | None:
    now = datetime.now(UTC)
    points = cloudwatch(function).get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=pairs(dimensions),
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points) if points else None


def pairs(dimensions: dict[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]
