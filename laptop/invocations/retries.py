"""Lambda's retries of asynchronous events. No I/O; times are in AWS's own seconds.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from laptop.invocations.invocation import InvocationOutcome, InvokeConfig, QueuedEvent

__all__ = ["Condition", "Failed", "RetryLater", "decide", "on_failure_record", "refuse"]

#: Seconds before the second and the third run.
BETWEEN_RUNS = (60.0, 120.0)
#: The first wait of a throttled event, which doubles each time, and the longest, in seconds.
THROTTLED_FIRST, THROTTLED_LONGEST = 1.0, 300.0

#: Why an event was given up, as in the on-failure record.
Condition = Literal["RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]


@dataclass(frozen=True, slots=True)
class RetryLater:
    """The event is to be tried again after `seconds`."""

    event: QueuedEvent
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The event was given up; `outcome` is None if it never ran."""

    event: QueuedEvent
    condition: Condition
    outcome: InvocationOutcome | None = None


def refuse(event: QueuedEvent, limits: InvokeConfig) -> Failed | None:
    """Return the failure of an event whose function has a reserved concurrency of 0, otherwise None."""
    return Failed(event, "ZeroReservedConcurrency") if limits.closed else None


def decide(
    event: QueuedEvent, outcome: InvocationOutcome, limits: InvokeConfig, age: float
) -> RetryLater | Failed | None:
    """Decide what follows one attempt: another one, a failure, or nothing (None) after a success. `age` is in seconds.

    A throttled event did not run: it does not count as a retry, and waits for as long as the maximum age allows.
    """
    if outcome.ending == "ok":
        return None
    if outcome.ending == "throttled":
        wait = min(THROTTLED_FIRST * 2.0 ** min(event.throttles, 20), THROTTLED_LONGEST)
        again = RetryLater(replace(event, throttles=event.throttles + 1), wait)
        return again if age + wait <= limits.age else Failed(again.event, "EventAgeExceeded")
    ran = replace(event, runs=event.runs + 1, throttles=0)
    if ran.runs > limits.retries:
        return Failed(ran, "RetriesExhausted", outcome)
    wait = BETWEEN_RUNS[min(ran.runs, len(BETWEEN_RUNS)) - 1]
    return RetryLater(ran, wait) if age + wait <= limits.age else Failed(ran, "EventAgeExceeded", outcome)


def on_failure_record(failed: Failed, now: datetime) -> dict[str, Any]:
    """Return the record that Lambda sends to the on-failure destination; without a response if the event never ran.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    target = failed.event.target
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": failed.event.request_id,
            "functionArn": target.arn if target.qualifier else f"{target.function}:$LATEST",
            "condition": failed.condition,
            "approximateInvokeCount": failed.event.runs,
        },
        "requestPayload": failed.event.payload,
    }
    if failed.outcome is not None:
        context = {"statusCode": 200, "executedVersion": failed.outcome.version, "functionError": "Unhandled"}
        record |= {"responseContext": context, "responsePayload": failed.outcome.answer}
    return record
