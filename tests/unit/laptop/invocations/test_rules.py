"""The small rules: weights, partial batches, embedded metrics, errors as Lambda tells them, what is counted."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest

from laptop.cloudwatch.metrics import MetricPoint, compute_measuring_time, read_embedded_points, run_points
from laptop.invocations.invocation import Ending, InvocationOutcome, InvocationTarget, choose_version
from laptop.invocations.journal import find_sns_message_id
from laptop.invocations.results import DIED, choose_messages_to_delete, read_outcome

WEIGHTED = {"FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1}}}
TRACE = """something printed
Traceback (most recent call last):
  File "/tmp/worker.py", line 3, in run
    result = handler_fn(event, context)
  File "/tmp/code/probe.py", line 9, in handler
    raise Odd("a: b")
probe.errors.Odd: a: b
"""


def failure(message: str, kind: str, log: str = "") -> dict[str, Any]:
    """What ministack's worker says of a run that failed."""
    return {"error": True, "body": {"errorMessage": message, "errorType": kind}, "log": log}


@pytest.mark.parametrize(("draw", "version"), [(0.0, "2"), (0.0999, "2"), (0.1, "1"), (0.999, "1")])
def test_a_draw_falls_to_the_additional_version_as_often_as_its_weight(draw: float, version: str) -> None:
    assert choose_version(WEIGHTED, draw) == version


@pytest.mark.parametrize("alias", [{"FunctionVersion": "1"}, {"FunctionVersion": "1", "RoutingConfig": None}])
def test_without_weights_there_is_one_version(alias: dict[str, Any]) -> None:
    assert choose_version(alias, 0.0) == "1"


def test_weights_hold_over_many_draws() -> None:
    draw = random.Random(7).random
    seen = Counter(choose_version(WEIGHTED, draw()) for _ in range(10_000))
    assert abs(seen["2"] - 1000) < 150


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": None}, {"batchItemFailures": []}])
def test_an_answer_that_names_nothing_deletes_the_batch(answer: Any) -> None:
    assert choose_messages_to_delete(answer, {"a", "b"}, partial=True) == {"a", "b"}


def test_what_is_named_stays() -> None:
    assert choose_messages_to_delete({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a", "b"}, partial=True) == {
        "b"
    }


@pytest.mark.parametrize(
    "answer",
    [
        "text",
        ["a"],
        {"batchItemFailures": "a"},
        {"batchItemFailures": ["a"]},
        *(
            {"batchItemFailures": [failure]}
            for failure in ({"itemIdentifier": ""}, {"itemIdentifier": None}, {"id": "a"})
        ),
        {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "unheard of"}]},
    ],
    ids=repr,
)
def test_an_answer_that_cannot_be_read_deletes_nothing(answer: Any) -> None:
    assert choose_messages_to_delete(answer, {"a", "b"}, partial=True) == set()


def test_without_partial_responses_the_answer_is_not_looked_at() -> None:
    assert choose_messages_to_delete({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}, partial=False) == {"a"}


def test_a_line_is_every_metric_for_every_set_of_dimensions() -> None:
    metrics = [{"Name": "Sent", "Unit": "Count"}, {"Name": "Waits"}]
    definition = {"Namespace": "Herald", "Dimensions": [["Service"], ["Service", "Type"]], "Metrics": metrics}
    line = {"_aws": {"Timestamp": 5000, "CloudWatchMetrics": [definition]}, "Service": "s", "Type": "t", "Sent": 1}
    found = list(read_embedded_points(f"START\nplain\n{json.dumps({**line, 'Waits': [3, 4]})}\n"))
    told = [(point.name, point.value, point.unit, point.at, tuple(point.dimensions.values())) for point in found]
    assert told == [
        (name, value, unit, 5.0, dimensions)
        for name, value, unit in (("Sent", 1, "Count"), ("Waits", 3, "None"), ("Waits", 4, "None"))
        for dimensions in (("s",), ("s", "t"))
    ]


@pytest.mark.parametrize(
    "line",
    [
        '{"_aws": ',
        '{"_aws": 1}',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [["absent"]], '
        '"Metrics": [{"Name": "m"}]}]}, "m": 1}',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [[]], '
        '"Metrics": [{"Name": "m"}]}]}, "m": "many"}',
    ],
)
def test_a_line_that_is_not_in_the_format_is_a_line_of_the_log(line: str) -> None:
    assert list(read_embedded_points(line)) == []


@pytest.mark.parametrize(
    ("result", "ending", "kind"),
    [
        ({"throttle": True, "error": True, "body": {}}, "throttled", None),
        (failure("Task timed out", "Sandbox.Timedout"), "timeout", "Sandbox.Timedout"),
        (failure(DIED, "Runtime.HandlerError"), "killed", "Runtime.ExitError"),
        (failure("a: b", "Runtime.HandlerError", TRACE), "error", "Odd"),
        (failure("no module", "RuntimeError"), "error", "RuntimeError"),
    ],
)
def test_every_end_has_its_name(result: dict[str, Any], ending: str, kind: str | None) -> None:
    outcome = read_outcome(result, "request-1", "3")
    assert (outcome.ending, outcome.version, outcome.answer.get("errorType")) == (ending, "3", kind)


def test_an_exception_is_told_with_its_frames() -> None:
    answer = read_outcome(failure("a: b", "Runtime.HandlerError", TRACE), "request-1", "3").answer
    assert answer["errorMessage"] == "a: b"
    assert answer["requestId"] == "request-1"
    assert answer["stackTrace"][-1] == '  File "/tmp/code/probe.py", line 9, in handler\n    raise Odd("a: b")\n'


def test_what_a_function_returns_is_its_answer_whatever_it_says() -> None:
    assert read_outcome({"body": {"errorType": "mine"}}, "r", "1") == InvocationOutcome(
        "ok", "1", {"errorType": "mine"}
    )


@pytest.mark.parametrize(
    ("qualifier", "version", "weighted", "wanted"),
    [(None, "$LATEST", False, 1), ("4", "4", False, 2), ("live", "4", False, 2), ("live", "4", True, 3)],
)
def test_each_set_of_dimensions_is_counted_alone(
    qualifier: str | None, version: str, weighted: bool, wanted: int
) -> None:
    target = InvocationTarget("arn:aws:lambda:us-east-1:000000000000:function:f", qualifier)
    found = run_points(target, InvocationOutcome("ok", version, None), 0, 12, weighted)
    points = [point for point in found if point.name == "Invocations"]
    assert [len(point.dimensions) for point in points] == list(range(1, wanted + 1))
    assert wanted < 2 or points[1].dimensions["Resource"] == f"f:{qualifier}"
    assert wanted < 3 or points[2].dimensions["ExecutedVersion"] == version


@pytest.mark.parametrize(("ending", "errors"), [("ok", 0), ("error", 1), ("timeout", 1), ("killed", 1)])
def test_every_failure_is_one_error(ending: Ending, errors: int) -> None:
    found = {
        point.name: point.value
        for point in run_points(InvocationTarget("a:b:c:d:e:f:g"), InvocationOutcome(ending, "1", None), 0, 12)
    }
    assert found == {"Invocations": 1, "Errors": errors, "Duration": 12, "Throttles": 0}


@pytest.mark.parametrize("scale", [1.0, 0.45, 0.02, 0.001])
def test_a_run_is_as_long_in_an_alarms_periods_at_every_scale(scale: float) -> None:
    """Of 30 s, half a period of a minute: which is 30 s times the scale here, while the run takes its 30 s."""
    began = 1_000.0
    stamped = MetricPoint("AWS/Lambda", "Errors", 1.0, "Count", began)
    period = 60 * scale
    assert (began + 30 - compute_measuring_time(stamped, began + 30, scale)) / period == pytest.approx(0.5)
    assert compute_measuring_time(stamped, began - 1, scale) == began - 1, "of a clock that is ahead"


def test_a_throttle_is_neither_an_invocation_nor_an_error() -> None:
    target = InvocationTarget("arn:aws:lambda:us-east-1:000000000000:function:f", "live")
    found = run_points(target, InvocationOutcome("throttled", "1", None), 0, 0)
    assert {point.name for point in found} == {"Throttles"}
    assert all("ExecutedVersion" not in point.dimensions for point in found)


NOTIFICATION = {"Type": "Notification", "MessageId": "m-1", "Message": "{}"}


@pytest.mark.parametrize(
    "payload",
    [
        {"Records": [{"Sns": NOTIFICATION}]},
        {"Records": [{"body": json.dumps(NOTIFICATION)}]},
        {"Records": [{"body": json.dumps({"requestPayload": {"Records": [{"Sns": NOTIFICATION}]}})}]},
    ],
)
def test_the_message_is_known_in_every_envelope(payload: dict[str, Any]) -> None:
    assert find_sns_message_id(payload) == "m-1"


@pytest.mark.parametrize("payload", [None, [], {}, {"Records": []}, {"Records": [{"body": "no json"}]}])
def test_other_payloads_are_about_no_message(payload: Any) -> None:
    assert find_sns_message_id(payload) is None
