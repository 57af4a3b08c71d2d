"""Lambda's own queue, with real processes: nothing accepted is lost, and each end is the one that AWS gives."""

from __future__ import annotations

import json

from tests.stack.conftest import Herald
from tests.stack.events import new_address, new_event
from tests.stack.invocations.probe import Gate, Probe
from tests.waiting import eventually


def test_a_failing_event_runs_three_times_and_is_recorded(function: Probe) -> None:
    queue = function.queue()
    function.configure(queue)
    function.send({"fail": True})
    [record] = eventually(lambda: function.list_received(queue), lambda found: len(found) == 1)
    runs = function.runs()
    assert [(run["outcome"], run["attempt"]) for run in runs] == [("error", 1), ("error", 2), ("error", 3)]
    assert len({run["request_id"] for run in runs}) == 1
    assert record["requestContext"] == {
        "requestId": runs[0]["request_id"],
        "functionArn": function.arn,
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["requestPayload"] == {"fail": True}
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "1", "functionError": "Unhandled"}
    assert record["responsePayload"]["errorType"] == "LookupError"
    assert record["responsePayload"]["errorMessage"] == "asked to fail"
    assert "probe.py" in record["responsePayload"]["stackTrace"][-1]
    assert record["version"] == "1.0"
    assert record["timestamp"].endswith("Z")


def test_a_killed_function_is_retried_like_one_that_raised(function: Probe) -> None:
    queue = function.queue()
    function.configure(queue, MaximumRetryAttempts=1)
    function.send({"kill": True})
    [record] = eventually(lambda: function.list_received(queue), lambda found: len(found) == 1)
    assert [run["outcome"] for run in function.runs()] == ["killed", "killed"]
    assert record["responsePayload"]["errorType"] == "Runtime.ExitError"


def test_every_sandbox_can_be_killed_at_once_and_what_ran_there_runs_again(function: Probe, gate: Gate) -> None:
    function.invoke({})
    function.send(gate.order)
    gate.wait_for(1)
    assert function.kill() == 1
    gate.wait_for(2)
    gate.open()
    runs = eventually(lambda: function.runs()[1:], lambda seen: len(seen) == 2)
    assert [(run["outcome"], run["attempt"]) for run in runs] == [("killed", 1), ("ok", 2)]


def test_the_alias_has_a_configuration_of_its_own(function: Probe) -> None:
    queue = function.queue()
    function.configure(queue, MaximumRetryAttempts=0)
    function.herald.clients.functions.invoke(
        FunctionName=function.name, InvocationType="Event", Payload=json.dumps({"fail": True})
    )
    function.send({"fail": True})
    [record] = eventually(lambda: function.list_received(queue), lambda found: len(found) == 1)
    assert record["requestContext"]["functionArn"] == function.arn
    assert record["requestContext"]["approximateInvokeCount"] == 1
    eventually(lambda: len(function.runs()), lambda count: count == 4)


def test_a_reserved_concurrency_of_0_parks_at_once(function: Probe) -> None:
    queue = function.queue()
    function.configure(queue)
    function.reserve(0)
    function.send({"n": 1})
    [record] = eventually(lambda: function.list_received(queue), lambda found: len(found) == 1)
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert record["requestPayload"] == {"n": 1}
    assert function.runs() == []


def test_no_more_run_at_once_than_is_reserved_and_the_others_wait_without_using_up_a_retry(
    function: Probe, gate: Gate
) -> None:
    queue = function.queue()
    function.configure(queue, MaximumRetryAttempts=0)
    function.reserve(2)
    for _ in range(8):
        function.send(gate.order)
    eventually(lambda: {run["request_id"] for run in function.ran("throttled")}, lambda waiting: len(waiting) == 6)
    gate.wait_for(2)
    assert gate.begun == 2
    gate.open()
    done = eventually(function.ran, lambda runs: len(runs) == 8)
    assert all(run["attempt"] == 1 for run in done)
    assert len({run["request_id"] for run in done}) == 8
    assert function.list_received(queue) == []


def test_a_call_that_waits_is_refused_while_all_of_the_reserved_concurrency_is_in_use(
    function: Probe, gate: Gate
) -> None:
    occupy(function, gate)
    assert status(function) == 429
    gate.open()
    eventually(lambda: status(function), lambda code: code == 200)


def test_an_event_that_waits_too_long_is_recorded_without_having_run(function: Probe, gate: Gate) -> None:
    queue = function.queue()
    occupy(function, gate)
    function.configure(queue, MaximumEventAgeInSeconds=60)
    function.send({"n": "late"})
    [record] = eventually(lambda: function.list_received(queue), lambda found: len(found) == 1)
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestPayload"] == {"n": "late"}
    assert "responsePayload" not in record


def occupy(function: Probe, gate: Gate) -> None:
    """Have one run take up the whole reserved concurrency, until the gate is opened."""
    function.reserve(1)
    function.send(gate.order)
    gate.wait_for(1)


def status(function: Probe) -> int:
    functions = function.herald.clients.functions
    try:
        answer = functions.invoke(FunctionName=function.name, Qualifier="live", Payload=b"{}")
    except functions.exceptions.TooManyRequestsException:
        return 429
    return answer["StatusCode"]


def test_an_event_that_crashes_notify_ends_in_retry_and_then_as_one_mail(herald: Herald) -> None:
    """The handler is one that does not exist until the event has been given up: a release that cannot start."""
    functions = herald.clients.functions
    good = functions.get_alias(FunctionName="herald-notify", Name="live")["FunctionVersion"]
    functions.update_function_configuration(FunctionName="herald-notify", Handler="function.absent.handler")
    broken = functions.publish_version(FunctionName="herald-notify")["Version"]
    functions.update_function_configuration(FunctionName="herald-notify", Handler="function.notify.handler")
    topic = herald.names.topics["events"]
    to = new_address()
    functions.update_alias(FunctionName="herald-notify", Name="live", FunctionVersion=broken)
    try:
        sent = herald.clients.sns.publish(TopicArn=topic, Message=json.dumps(new_event(to)))["MessageId"]
        eventually(lambda: Probe(herald, "herald-notify").list_failed(sent), lambda runs: len(runs) == 3)
    finally:
        functions.update_alias(FunctionName="herald-notify", Name="live", FunctionVersion=good)
    herald.inbox.wait(to)  # the broken release may have received it from the queue, too
    herald.inbox.exactly(to, 1)
    runs = [run for run in Probe(herald, "herald-notify").runs() if run.get("message_id") == sent]
    assert [(run["source"], run["version"]) for run in runs[:3]] == [("sns", broken)] * 3
    assert ("sqs", good, "ok") in [(run["source"], run["version"], run["outcome"]) for run in runs[3:]]
