"""The ledger's access to DynamoDB: sends writes, and returns which conditions refused them."""

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
    """The request was neither done nor refused: others are writing the same items, or the table is throttled."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The conditions that refused a write: for each of its requests, in order, the existing item, {} for a missing
    item, or None if the condition held."""

    items: tuple[Item | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One DynamoDB table behind a botocore client. `sleep` takes seconds, `chance` returns a float in [0, 1)."""

    client: Any
    name: str
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def get(self, key: str) -> Item | None:
        """Read an item with strong consistency, or None. Raises Contended, as `write` does."""
        request = {"TableName": self.name, "Key": {"pk": serialize(key)}, "ConsistentRead": True}
        item: Item | None = self._send_with_retries(lambda: self.client.get_item(**request)).get("Item")
        return item

    def write(self, requests: Sequence[Mapping[str, Any]]) -> Refusal | None:
        """Write all of `requests` (members of TransactItems) or none; None means written.

        Raises Contended after three tries with jitter; botocore's errors are raised unchanged, and then it is not known
        whether the write was made.
        """
        answer = self._send_with_retries(lambda: self.client.transact_write_items(TransactItems=list(requests)))
        return answer if isinstance(answer, Refusal) else None

    def update(self, request: Mapping[str, Any]) -> Item | Refusal:
        """Make one update; return the updated item, or the refusal. Raises as `write` does."""
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
    """Return what refused the write; None if it was contention, so that it may be retried. Raises any other error."""
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
