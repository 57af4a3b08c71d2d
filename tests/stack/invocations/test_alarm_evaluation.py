"""Metrics and alarms: what a function logs is a metric, and an alarm on one version hears nothing of another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stack.conftest import eventually
from tests.stack.invocations.probe import Probe


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
    assert total(function, "AWS/Lambda", "Errors", **alias, ExecutedVersion="1") == 0


def test_an_alarm_fires_for_its_version_only_and_goes_back(function: Probe, alarms: list[str], scale: float) -> None:
    alarms += [on_errors(function, version) for version in ("1", "2")]
    eventually(lambda: states(function, alarms), lambda seen: seen == ["OK", "OK"])
    function.weigh({"2": 1.0})
    function.invoke({"fail": "2"})
    eventually(lambda: states(function, alarms), lambda seen: seen == ["OK", "ALARM"], 3)
    eventually(lambda: states(function, alarms), lambda seen: seen == ["OK", "OK"], max(60 * scale, 1) + 3)


def test_an_alarm_without_data_is_what_its_treatment_says(function: Probe, alarms: list[str]) -> None:
    wanted = {"notBreaching": "OK", "breaching": "ALARM", "missing": "INSUFFICIENT_DATA"}
    alarms += [on_errors(function, "7", treatment) for treatment in wanted]
    eventually(lambda: states(function, alarms), lambda seen: seen == [*wanted.values()], 5)


def test_an_alarm_on_a_rate_reckons_it(function: Probe, alarms: list[str]) -> None:
    alarms.append(f"{function.name}-rate")
    queries = [
        {"Id": "rate", "Expression": "IF(sent >= 4, 100 * FILL(hit, 0) / sent, 0)", "ReturnData": True},
        *({"Id": name, "MetricStat": stat(function, name), "ReturnData": False} for name in ("hit", "sent")),
    ]
    cloudwatch(function).put_metric_alarm(
        AlarmName=alarms[0],
        Metrics=queries,
        EvaluationPeriods=1,
        Threshold=20,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    put(function, sent=3, hit=3)
    time.sleep(1)
    assert states(function, alarms) == ["OK"], "three mails are too few to tell"
    put(function, sent=12)
    eventually(lambda: states(function, alarms), lambda seen: seen == ["ALARM"], 5)
    put(function, sent=12)
    eventually(lambda: states(function, alarms), lambda seen: seen == ["OK"], 5)


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
    eventually(lambda: states(function, alarms), lambda seen: seen == ["ALARM"], 5)


def cloudwatch(function: Probe) -> Any:
    return function.herald.clients.any("cloudwatch")


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
