"""Retries contention errors that botocore's standard mode does not retry.

DynamoDB refuses a write while a transaction holds the item, and cancels a transaction if one part of it is throttled;
SQS and SNS refuse calls while their KMS keys are throttled. In all cases the same call succeeds a moment later.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#API_TransactWriteItems_Errors
https://docs.aws.amazon.com/sns/latest/api/API_Publish.html#API_Publish_Errors
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, TypeVar

__all__ = ["CONTENTION_CODES", "retry_contention"]

ClientT = TypeVar("ClientT")

#: Codes of temporary errors that botocore does not know as such.
CONTENTION_CODES = frozenset(
    {
        "KMS.ThrottlingException",
        "KMSThrottling",
        "KMSThrottlingException",
        "KmsThrottled",
        "OverLimit",
        "ReplicatedWriteConflictException",
        "RequestThrottled",
        "Throttled",
        "TransactionConflictException",
    }
)
#: Cancellation reasons after which the same transaction may soon succeed.
_PASSING_REASONS = frozenset({"ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"})
_MOST_ATTEMPTS = 6
_FIRST_SECONDS = 0.05
_LONGEST_SECONDS = 1.0


def retry_contention(client: ClientT) -> ClientT:
    """Make this client retry contended calls, up to six times and with jitter; return the client itself."""
    of_any_service: Any = client
    of_any_service.meta.events.register("needs-retry", _delay, unique_id="herald-contention")
    return client


def _delay(response: tuple[Any, Mapping[str, Any]] | None, attempts: int, **_: object) -> float | None:
    """Return the seconds until the next attempt, or None to give up, as botocore expects of a `needs-retry` handler."""
    if response is None or attempts >= _MOST_ATTEMPTS or not _is_contention(response[1]):
        return None
    longest = min(_FIRST_SECONDS * 2 ** (attempts - 1), _LONGEST_SECONDS)
    return random.uniform(0, longest)  # noqa: S311  # jitter


def _is_contention(answer: Mapping[str, Any]) -> bool:
    reasons = {reason.get("Code") for reason in answer.get("CancellationReasons", ())} - {"None", None}
    passing = bool(reasons) and reasons <= _PASSING_REASONS
    return passing or answer.get("Error", {}).get("Code") in CONTENTION_CODES
