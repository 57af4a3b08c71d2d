"""One line for each thing that ended: CloudWatch reads it, and it decides nothing."""

from __future__ import annotations

import io
import json
from typing import Any

import jsonschema
import pytest

from function.runtime.metrics import Telemetry

#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html#CloudWatch_Embedded_Metric_Format_Specification_schema
EMF = {
    "type": "object",
    "required": ["_aws"],
    "properties": {
        "_aws": {
            "type": "object",
            "required": ["Timestamp", "CloudWatchMetrics"],
            "properties": {
                "Timestamp": {"type": "integer", "exclusiveMinimum": 0},
                "CloudWatchMetrics": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["Namespace", "Dimensions", "Metrics"],
                        "properties": {
                            "Namespace": {"type": "string", "minLength": 1, "maxLength": 1024},
                            "Dimensions": {
                                "type": "array",
                                "minItems": 1,
                                "items": {"type": "array", "maxItems": 30, "items": {"type": "string", "minLength": 1}},
                            },
                            "Metrics": {
                                "type": "array",
                                "maxItems": 100,
                                "items": {
                                    "type": "object",
                                    "required": ["Name"],
                                    "properties": {
                                        "Name": {"type": "string", "minLength": 1},
                                        "Unit": {"enum": ["Count", "Milliseconds"]},
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


class Broken(io.StringIO):
    """A stream that nobody reads any more."""

    def write(self, _: str) -> int:
        raise BrokenPipeError


class Unprintable:
    """Something that cannot even say what it is."""

    def __str__(self) -> str:
        raise ValueError


def telemetry(stream: io.StringIO) -> Telemetry:
    return Telemetry("herald-notify", "3f2a9c1b7d4e", lambda: 1_795_248_000_000, stream)


def read_line(stream: io.StringIO) -> dict[str, Any]:
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    line: dict[str, Any] = json.loads(text)
    return line


@pytest.mark.parametrize("type_", ["", "book.created"])
@pytest.mark.parametrize("also", [None, {"SendLatency": 37}])
def test_a_count_is_a_line_that_cloudwatch_reads_as_metrics(type_: str, also: dict[str, int] | None) -> None:
    stream = io.StringIO()
    telemetry(stream).count("Sent", type_, also, message_id="m1")
    line = read_line(stream)
    jsonschema.validate(line, EMF)
    (definition,) = line["_aws"]["CloudWatchMetrics"]
    assert definition["Namespace"] == "Herald"
    assert definition["Dimensions"] == ([["Service"], ["Service", "Type"]] if type_ else [["Service"]])
    assert {metric["Name"]: line[metric["Name"]] for metric in definition["Metrics"]} == {"Sent": 1} | (also or {})
    assert all(isinstance(line[name], str) for dimensions in definition["Dimensions"] for name in dimensions)
    assert line["release"] == "3f2a9c1b7d4e"


def test_milliseconds_are_counted_as_such() -> None:
    stream = io.StringIO()
    telemetry(stream).count("Sent", also={"SendLatency": 37})
    metrics = read_line(stream)["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    assert metrics == [{"Name": "Sent", "Unit": "Count"}, {"Name": "SendLatency", "Unit": "Milliseconds"}]


def test_the_line_of_a_mail_has_at_most_400_bytes() -> None:
    stream = io.StringIO()
    message_id = "01234567-0123-0123-0123-0123456789ab"
    telemetry(stream).count(
        "Sent", "book.created", {"SendLatency": 12_000}, message_id=message_id, detail="", letter=None
    )
    assert len(stream.getvalue().encode()) <= 400


def test_what_is_empty_is_left_out() -> None:
    stream = io.StringIO()
    telemetry(stream).note("contended", detail="", letter=None, message_id="m1")
    assert read_line(stream) == {
        "Service": "herald-notify",
        "event": "contended",
        "release": "3f2a9c1b7d4e",
        "message_id": "m1",
    }


@pytest.mark.parametrize("field", ["two\nlines\r\n", "\u2028", "\ud800", "ü" * 1000, object(), {"a": {1, 2}}])
def test_anything_said_stays_on_one_line_of_ascii(field: object) -> None:
    stream = io.StringIO()
    telemetry(stream).note("said", detail=field)
    assert stream.getvalue().isascii()
    assert read_line(stream)["event"] == "said"


@pytest.mark.parametrize("field", [Unprintable(), {("a", "tuple"): 1}])
def test_what_cannot_be_written_is_left_unsaid(field: object) -> None:
    stream = io.StringIO()
    telemetry(stream).count("Sent", detail=field)
    telemetry(stream).note("said", detail=field)
    assert stream.getvalue() == ""


def test_a_broken_stream_disturbs_nobody() -> None:
    telemetry(Broken()).count("Sent")
    closed = io.StringIO()
    closed.close()
    telemetry(closed).count("Sent")


def test_what_contains_itself_is_left_unsaid() -> None:
    stream = io.StringIO()
    circle: list[object] = []
    circle.append(circle)
    telemetry(stream).note("said", detail=circle)
    assert stream.getvalue() == ""
