"""Alarms and dashboards use only what docs/metrics.md promises, and what it promises of AWS's metrics is used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from laptop.clients import LaptopClients
from tests.infra import documented_metrics
from tests.infra.laptop.applied import Applied

Use = tuple[str, str, dict[str, str]]


@pytest.fixture(scope="module")
def used(applied: Applied) -> list[Use]:
    """Namespace, metric and dimensions of everything that is watched or drawn."""
    return [*_find_watched(applied.clients), *_find_drawn(applied.clients)]


def _find_watched(clients: LaptopClients) -> Iterator[Use]:
    cloudwatch: Any = clients.make_client("cloudwatch")
    for alarm in cloudwatch.describe_alarms(MaxRecords=100)["MetricAlarms"]:
        parts = [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]
        for metric in parts or [alarm]:
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            yield metric["Namespace"], metric["MetricName"], dimensions


def _find_drawn(clients: LaptopClients) -> Iterator[Use]:
    cloudwatch: Any = clients.make_client("cloudwatch")
    for dashboard in cloudwatch.list_dashboards()["DashboardEntries"]:
        body = json.loads(cloudwatch.get_dashboard(DashboardName=dashboard["DashboardName"])["DashboardBody"])
        for widget in body["widgets"]:
            for line in widget["properties"].get("metrics", ()):
                namespace, metric, *pairs = [each for each in line if isinstance(each, str)] or ["", ""]
                if namespace:  # else it is an expression over other lines
                    yield namespace, metric, dict(zip(pairs[::2], pairs[1::2], strict=True))


def test_heralds_metrics_are_asked_for_as_they_are_written(used: list[Use]) -> None:
    metrics = documented_metrics.read_own_metrics()
    asked = [(metric, dimensions) for namespace, metric, dimensions in used if namespace == "Herald"]
    wrong = [
        (metric, dimensions)
        for metric, dimensions in asked
        if metric not in metrics
        or dimensions.keys() != {"Service"}
        or dimensions["Service"].removeprefix("herald-") not in metrics[metric].services
    ]
    assert {"Sent", "Bounced", "Complained", "Unknown", "OutboxAgeSeconds"} <= {metric for metric, _ in asked}
    assert wrong == []


def test_aws_metrics_are_the_ones_on_the_page(used: list[Use]) -> None:
    asked = {(namespace, metric, frozenset(names)) for namespace, metric, names in used if namespace != "Herald"}
    only_for_a_shared_topic = {("AWS/SNS", "NumberOfNotificationsFilteredOut", frozenset({"TopicName"}))}
    assert asked == documented_metrics.read_aws_metrics() - only_for_a_shared_topic


def test_every_dimension_names_something_that_is_there(used: list[Use], applied: Applied) -> None:
    functions = {f["FunctionName"] for f in applied.clients.functions.list_functions()["Functions"]}
    queues = {url.rpartition("/")[2] for url in applied.clients.sqs.list_queues()["QueueUrls"]}
    topics = {topic["TopicArn"].rpartition(":")[2] for topic in applied.clients.sns.list_topics()["Topics"]}
    there = {
        "FunctionName": functions,
        "Service": functions,
        "QueueName": queues,
        "TopicName": topics,
        "Resource": {f"{name}:live" for name in functions},
        "ApiId": {applied.outputs["webapp"]["api_id"]},
    }
    nowhere = [(name, value) for _, _, names in used for name, value in names.items() if value not in there[name]]
    assert nowhere == []
