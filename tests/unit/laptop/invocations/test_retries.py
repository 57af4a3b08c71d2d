"""What becomes of an asynchronous event after each try, by AWS's rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from laptop.invocations.invocation import Ending, InvocationOutcome, InvocationTarget, InvokeConfig, QueuedEvent
from laptop.invocations.retries import Failed, RetryLater, decide, on_failure_record, refuse

ALIAS = InvocationTarget.parse("arn:aws:lambda:us-east-1:000000000000:function:herald-notify:live")
FRESH = QueuedEvent("request-1", ALIAS, {"n": 1}, "sns", accepted=0.0)


def end(ending: Ending) -> InvocationOutcome:
    return InvocationOutcome(ending, "7", {"errorType": "LookupError"})


def tries(ending: Ending, limits: InvokeConfig) -> tuple[list[float], Failed | None]:
    """The waits until the end of an event whose every try ends so."""
    event, age = FRESH, 0.0
    waits: list[float] = []
    while True:
        next_ = decide(event, end(ending), limits, age)
        if not isinstance(next_, RetryLater):
            return waits, next_
        waits.append(next_.seconds)
        event, age = next_.event, age + next_.seconds


@pytest.mark.parametrize("ending", ["error", "timeout", "killed"])
def test_what_failed_runs_again_after_one_minute_and_after_two(ending: Ending) -> None:
    waits, failed = tries(ending, InvokeConfig())
    assert waits == [60, 120]
    assert failed is not None
    assert (failed.condition, failed.event.runs) == ("RetriesExhausted", 3)


@pytest.mark.parametrize(("retries", "waits"), [(0, []), (1, [60]), (2, [60, 120])])
def test_the_configuration_says_how_often(retries: int, waits: list[float]) -> None:
    assert tries("error", InvokeConfig(retries=retries))[0] == waits


def test_what_succeeded_is_over() -> None:
    assert decide(FRESH, end("ok"), InvokeConfig(), age=21_000) is None


def test_throttling_backs_off_from_a_second_to_five_minutes_for_six_hours() -> None:
    waits, failed = tries("throttled", InvokeConfig())
    assert waits[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert set(waits[10:]) == {300}
    assert 21_600 - 300 < sum(waits) <= 21_600
    assert failed is not None
    assert (failed.condition, failed.event.runs, failed.outcome) == ("EventAgeExceeded", 0, None)


def test_throttling_uses_up_no_retry() -> None:
    event = replace(FRESH, runs=2, throttles=40)
    again = decide(event, end("throttled"), InvokeConfig(), age=100)
    assert isinstance(again, RetryLater)
    assert again.event.runs == 2
    assert isinstance(decide(again.event, end("error"), InvokeConfig(), age=400), Failed)


def test_back_off_begins_anew_after_a_run() -> None:
    again = decide(replace(FRESH, throttles=9), end("error"), InvokeConfig(), age=0)
    assert isinstance(again, RetryLater)
    assert again.event.throttles == 0


def test_an_event_too_old_to_wait_is_given_up_with_what_it_last_answered() -> None:
    failed = decide(FRESH, end("error"), InvokeConfig(age=60), age=1)
    assert failed == Failed(replace(FRESH, runs=1), "EventAgeExceeded", end("error"))


def test_a_function_that_is_switched_off_never_sees_the_event() -> None:
    assert refuse(FRESH, InvokeConfig(closed=True)) == Failed(FRESH, "ZeroReservedConcurrency")
    assert refuse(FRESH, InvokeConfig()) is None


def test_the_record_has_every_key_of_awss() -> None:
    failed = Failed(replace(FRESH, runs=3), "RetriesExhausted", end("error"))
    assert on_failure_record(failed, datetime(2026, 11, 21, 8, 0, 0, 5000, UTC)) == {
        "version": "1.0",
        "timestamp": "2026-11-21T08:00:00.005Z",
        "requestContext": {
            "requestId": "request-1",
            "functionArn": ALIAS.arn,
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"n": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "7", "functionError": "Unhandled"},
        "responsePayload": {"errorType": "LookupError"},
    }


def test_a_function_without_qualifier_is_recorded_as_its_latest() -> None:
    event = replace(FRESH, target=InvocationTarget(ALIAS.function))
    record = on_failure_record(Failed(event, "ZeroReservedConcurrency"), datetime.now(UTC))
    assert record["requestContext"]["functionArn"] == f"{ALIAS.function}:$LATEST"
    assert not {"responseContext", "responsePayload"} & record.keys()
