"""AWS's Query protocol: requests unflattened, answers in XML that botocore reads back."""

from __future__ import annotations

from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import QueryParser

from laptop.emulator.query_protocol import convert_text, read_members, write_xml
from laptop.model_validation import load_operation_model

ALARM = {
    "AlarmName": "herald-notify-errors",
    "ActionsEnabled": True,
    "AlarmActions": ["arn:aws:sns:us-east-1:000000000000:herald-ops"],
    "AlarmDescription": "more < than & enough",
    "Dimensions": [{"Name": "FunctionName", "Value": "herald-notify"}],
    "Period": 60,
    "Statistic": "Sum",
    "Threshold": 1.5,
    "TreatMissingData": "notBreaching",
    "ExtendedStatistic": None,
}


def test_a_request_is_unflattened() -> None:
    flat = {
        "AlarmName": ["a"],
        "Dimensions.member.2.Name": ["y"],
        "Dimensions.member.1.Name": ["x"],
        "Metrics.member.1.MetricStat.Metric.Dimensions.member.1.Value": ["v"],
    }
    assert read_members(flat) == {
        "AlarmName": "a",
        "Dimensions": [{"Name": "x"}, {"Name": "y"}],
        "Metrics": [{"MetricStat": {"Metric": {"Dimensions": [{"Value": "v"}]}}}],
    }


def test_a_request_gets_its_types_back() -> None:
    shape = load_operation_model("cloudwatch", "PutMetricAlarm").input_shape
    asked = {
        "Action": "PutMetricAlarm",
        "Version": "2010",
        "Period": "60",
        "Threshold": "-1.5",
        "ActionsEnabled": "true",
    }
    nested = {"Metrics": [{"Id": "a", "ReturnData": "false", "MetricStat": {"Period": "60"}}]}
    typed_nested = {"Metrics": [{"Id": "a", "ReturnData": False, "MetricStat": {"Period": 60}}]}
    found = convert_text(asked | nested, shape)
    assert found == {"Period": 60, "Threshold": -1.5, "ActionsEnabled": True} | typed_nested


def test_botocore_reads_the_answer_back() -> None:
    status, headers, body = write_xml("DescribeAlarms", {"MetricAlarms": [ALARM], "CompositeAlarms": []})
    description: Any = Loader().load_service_model("cloudwatch", "service-2")
    model = ServiceModel({**description, "metadata": {**description["metadata"], "protocol": "query"}}, "cloudwatch")
    shape: Any = model.operation_model("DescribeAlarms").output_shape
    parsed: Any = QueryParser().parse({"status_code": status, "headers": headers, "body": body}, shape)
    assert parsed["MetricAlarms"] == [{name: value for name, value in ALARM.items() if value is not None}]
