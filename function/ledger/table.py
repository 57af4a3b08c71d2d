"""The ledger's way to DynamoDB: sends a write, and says which conditions refused it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from function.ledger.attributes import Item, serialize
from function.runtime.lean_dataclass import dataclass

__all__ = ["Contended", "Refusal", "Table"]

_CONTENTION = frozenset(
    {
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
        "ThrottlingError",
        "ThrottlingException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
    }
)
_CONDITION = frozenset({"ConditionalCheckFailed", "ConditionalCheckFailedException"})
_TRIES = 3
_PAUSE = 0.05


class Contended(Exception):
    """DynamoDB neither wrote, judged nor read: others write the same items, or the table is throttled."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The conditions that refused a write: for each request of it, in order, the item in the way, {} for a missing
    item, or None where the condition held."""

    items: tuple[Item | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One DynamoDB table behind a botocore client. `sleep` takes seconds, `chance` gives a float in [0, 1)."""

    client: Any
    name: str
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def get(self, key: str) -> Item | None:
        """The item as of now (strongly consistent), or None. Raises Contended, as `write` does."""
        request = {"TableName": self.name, "Key": {"pk": serialize(key)}, "ConsistentRead": True}
        item: Item | None = self._send_with_retries(lambda: self.client.get_item(**request)).get("Item")
        return item

    def write(self, requests: Sequence[Mapping[str, Any]]) -> Refusal | None:
        """Make all of `requests` (members of TransactItems) or none; None means made.

        Raises Contended after three tries with jitter, and botocore's errors as they are: whether *those* wrote is
        not known.
        """
        answer = self._send_with_retries(lambda: self.client.transact_write_items(TransactItems=list(requests)))
        return answer if isinstance(answer, Refusal) else None

    def update(self, request: Mapping[str, Any]) -> Item | Refusal:
        """Make one update; the item as it is after it. Raises as `write` does."""
        answer = self._send_with_retries(lambda: self.client.update_item(**request, ReturnValues="ALL_NEW"))
        if isinstance(answer, Refusal):
            return answer
        item: Item = answer["Attributes"]
        return item

    def _send_with_retries(self, send: Callable[[], Any]) -> Any:
        for attempt in range(_TRIES):
            try:
                return send()
            except ClientError as error:
                if refusal := _read_refusal(error):
                    return refusal
                if attempt == _TRIES - 1:
                    raise Contended(str(error)) from error
                self.sleep(_PAUSE * 2**attempt * self.chance())
        raise AssertionError("the last try returns or raises")


def _read_refusal(error: ClientError) -> Refusal | None:
    """What refused the write; None if nothing judged it, so that it may be tried again. Raises what is neither."""
    response: Mapping[str, Any] = error.response
    code = response["Error"]["Code"]
    if code in _CONDITION:
        return Refusal((response.get("Item", {}),))
    reasons = response.get("CancellationReasons", [])
    codes = {code, *(reason.get("Code") for reason in reasons)}
    if codes & _CONTENTION:
        return None
    if not codes & _CONDITION:
        raise error
    return Refusal(tuple(reason.get("Item", {}) if reason.get("Code") in _CONDITION else None for reason in reasons))
