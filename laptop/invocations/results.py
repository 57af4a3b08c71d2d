"""Determines how a run ended from the result of ministack's worker, and formats errors as Lambda's Python runtime does.

https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from laptop.invocations.invocation import InvocationOutcome

__all__ = ["choose_messages_to_delete", "read_outcome"]

DIED = "Worker process died"
_FRAME = re.compile(r'  File "')


def read_outcome(result: Mapping[str, Any], request_id: str, version: str) -> InvocationOutcome:
    """Return the outcome of one run; the answer of a failed run has AWS's keys."""
    body = result.get("body")
    if result.get("throttle"):
        return InvocationOutcome("throttled", version, body)
    if not result.get("error"):
        return InvocationOutcome("ok", version, body)
    error = body if isinstance(body, Mapping) else {"errorMessage": str(body)}
    message, kind = str(error.get("errorMessage", "")), str(error.get("errorType", ""))
    if kind == "Sandbox.Timedout":
        return InvocationOutcome("timeout", version, _build_platform_error(kind, request_id, message))
    if message == DIED:
        return InvocationOutcome(
            "killed", version, _build_platform_error("Runtime.ExitError", request_id, "Runtime exited: signal: killed")
        )
    return InvocationOutcome(
        "error", version, _build_handler_error(message, kind, request_id, str(result.get("log", "")))
    )


def _build_platform_error(kind: str, request_id: str, message: str) -> dict[str, Any]:
    return {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"}


def _build_handler_error(message: str, kind: str, request_id: str, log: str) -> dict[str, Any]:
    trace = log.rpartition("Traceback (most recent call last):\n")[2].splitlines() if "Traceback (" in log else []
    frames: list[str] = []
    for line in trace:
        if _FRAME.match(line):
            frames.append(line + "\n")
        elif frames and line.startswith("    "):
            frames[-1] += line + "\n"
        elif frames:
            kind = line.partition(":")[0].rpartition(".")[2]
            break
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": frames}


def choose_messages_to_delete(answer: Any, batch: AbstractSet[str], partial: bool) -> set[str]:
    """Return the ids of the messages to delete; the others become visible again after their visibility timeout.

    `partial` is ReportBatchItemFailures. A response without failures is a success; one that is invalid, or names
    messages that are not in the batch, fails the whole batch.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    if not partial or answer is None:
        return set(batch)
    if not isinstance(answer, dict):
        return set()
    failures = answer.get("batchItemFailures") or []
    if not isinstance(failures, list):
        return set()
    failed = {failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures}
    return set(batch) - failed if failed <= batch else set()
