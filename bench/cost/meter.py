"""A DynamoDB table that counts what AWS would bill.

A write costs one unit per KB of the item before or after it, whichever is larger; twice that in a transaction,
including condition checks. A rejected write costs the same.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fakes.dynamodb.table import MemoryTable

__all__ = ["Meter", "compute_size"]

_KB = 1024
_READ = 4 * _KB


def compute_size(value: Mapping[str, Any]) -> int:
    """Return the size of an item in bytes, as DynamoDB counts it.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _compute_attribute_size(typed) for name, typed in value.items())


def _compute_attribute_size(typed: Mapping[str, Any]) -> int:
    ((kind, value),) = typed.items()
    match kind:
        case "S":
            return len(value.encode())
        case "B":
            return len(value)
        case "N":
            return math.ceil(len(value.strip("-0.")) / 2) + 1
        case "SS" | "L":
            return sum(len(one.encode()) if kind == "SS" else 1 + _compute_attribute_size(one) for one in value) + 3 * (
                kind == "L"
            )
        case "M":
            return 3 + compute_size(value) + len(value)
        case "BOOL" | "NULL":
            return 1
    raise ValueError(f"no size is known for {kind}")


class Meter:
    """A `MemoryTable` that counts write units, read units and requests, and tracks the largest item."""

    def __init__(self, name: str = "herald-ledger", key: str = "pk") -> None:
        self.table = MemoryTable(name, key)
        self.write_units = 0.0
        self.read_units = 0.0
        self.requests = 0
        self.largest = 0

    def update_item(self, **request: Any) -> Any:
        """One write."""
        return self._write(lambda: self.table.update_item(**request), [request["Key"]], 1)

    def put_item(self, **request: Any) -> Any:
        """One write."""
        return self._write(lambda: self.table.put_item(**request), [self._key(request["Item"])], 1)

    def transact_write_items(self, **request: Any) -> Any:
        """Count a write of two for each member."""
        members = [next(iter(member.values())) for member in request["TransactItems"]]
        keys = [member.get("Key") or self._key(member["Item"]) for member in members]
        return self._write(lambda: self.table.transact_write_items(**request), keys, 2)

    def get_item(self, **request: Any) -> Any:
        """Count one read, or half if it is not strongly consistent."""
        answer = self.table.get_item(**request)
        units = max(1, math.ceil(compute_size(answer.get("Item", {})) / _READ))
        self.read_units += units if request.get("ConsistentRead") else units / 2
        self.requests += 1
        return answer

    def query(self, **request: Any) -> Any:
        """Count half a read of all items found, because an index is never strongly consistent."""
        answer = self.table.query(**request)
        self.read_units += max(1, math.ceil(sum(map(compute_size, answer["Items"])) / _READ)) / 2
        self.requests += 1
        return answer

    def bytes(self) -> int:
        """Return the size of all items, in bytes."""
        return sum(compute_size(item) for item in self.table.scan(TableName=self.table.name)["Items"])

    def _write(self, write: Any, keys: list[Mapping[str, Any]], times: int) -> Any:
        self.requests += 1
        before = [self._bytes(key) for key in keys]
        try:
            return write()
        finally:
            after = [self._bytes(key) for key in keys]
            sizes = [max(pair) for pair in zip(before, after, strict=True)]
            self.largest = max(self.largest, *sizes)
            self.write_units += times * sum(max(1, math.ceil(one / _KB)) for one in sizes)

    def _key(self, item: Mapping[str, Any]) -> dict[str, Any]:
        return {self.table.key: item[self.table.key]}

    def _bytes(self, key: Mapping[str, Any]) -> int:
        item = self.table.get_item(TableName=self.table.name, Key=dict(key)).get("Item")
        return compute_size(item) if item else 0
