"""What Lambda sends to the on-failure destination of an event that it gave up.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from laptop.invocations.retries import Failed

__all__ = ["on_failure"]


def on_failure(failed: Failed, now: datetime) -> dict[str, Any]:
    """The invocation record; without a response if the function never ran."""
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
