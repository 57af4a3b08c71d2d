"""One write, read from its request: which item, under which condition, and what becomes of it.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from fakes.dynamodb.documents import Path, project
from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.expressions.conditions import Condition, compile_condition
from fakes.dynamodb.expressions.tokens import Uses, Values
from fakes.dynamodb.expressions.updates import Update, compile_update
from fakes.dynamodb.requests import NOTHING, accept, combine_uses, judge, key_of, names_of
from fakes.dynamodb.values import Frozen, FrozenItem, freeze_item, thaw_item

__all__ = ["Write", "plan"]

Change = Callable[[FrozenItem | None], FrozenItem | None]

_EXPRESSION = {"ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}
_COMMON = {"TableName", "ReturnValues", "ReturnValuesOnConditionCheckFailure"} | _EXPRESSION
_TAKES = {
    "Put": _COMMON | {"Item"},
    "Update": _COMMON | {"Key", "UpdateExpression"},
    "Delete": _COMMON | {"Key"},
    "ConditionCheck": _COMMON | {"Key"},
}
_RETURNS = {
    "Put": {"NONE", "ALL_OLD"},
    "Update": {"NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"},
    "Delete": {"NONE", "ALL_OLD"},
    "ConditionCheck": {"NONE"},
}


@dataclass(frozen=True, slots=True)
class Write:
    """`change` gives the item afterwards; `tells`: a failed condition shows the item; `paths`: those of an update."""

    pk: str
    condition: Condition | None
    values: Values
    change: Change
    returns: str
    tells: bool
    paths: tuple[Path, ...] = ()

    def holds(self, item: FrozenItem | None) -> bool:
        """Whether the condition holds; an item that is not there has no attributes."""
        return self.condition is None or self.condition.test(item or NOTHING, self.values)

    def shown(self, item: FrozenItem | None) -> dict[str, Any] | None:
        """The item as a failed condition shows it."""
        return thaw_item(item) if self.tells and item is not None else None

    def attributes(self, old: FrozenItem | None, new: FrozenItem | None) -> dict[str, Any]:
        """The answer: `Attributes` as `ReturnValues` asks for them, if there are any."""
        source = old if self.returns.endswith("OLD") else new
        if self.returns == "NONE" or not source:
            return {}
        if self.returns.startswith("UPDATED"):
            source = project(source, self.paths)
        return {"Attributes": thaw_item(source)} if source else {}


def plan(kind: str, request: Mapping[str, Any], key: str) -> Write:
    """Read a write of this kind; `key` names the table's key attribute. Raises `Invalid` before any item is seen."""
    accept(request, _TAKES[kind])
    returns = request.get("ReturnValues", "NONE")
    if returns not in _RETURNS[kind]:
        raise Invalid(f"Return values set to invalid value: {returns}")
    condition, update, uses = _compile(
        request.get("ConditionExpression"), request.get("UpdateExpression"), names_of(request)
    )
    values = judge(request, uses)
    pk, change = _change(kind, request, key, update, values)
    tells = request.get("ReturnValuesOnConditionCheckFailure", "NONE") == "ALL_OLD"
    return Write(pk, condition, values, change, returns, tells, update.paths if update else ())


@cache
def _compile(
    condition: str | None, update: str | None, names: tuple[tuple[str, str], ...]
) -> tuple[Condition | None, Update | None, Uses]:
    holds = None if condition is None else compile_condition(condition, names)
    changes = None if update is None else compile_update(update, names)
    return holds, changes, combine_uses(names, *(one.uses for one in (changes, holds) if one is not None))


def _change(
    kind: str, request: Mapping[str, Any], key: str, update: Update | None, values: Values
) -> tuple[str, Change]:
    if kind == "Put":
        item = freeze_item(request["Item"])
        return key_of(request["Item"], key), lambda _: item
    if len(request["Key"]) != 1:
        raise Invalid("The number of conditions on the keys is invalid")
    pk = key_of(request["Key"], key)
    if kind == "Update":
        return pk, _updating(update, values, Frozen({key: ("S", pk)}), key)
    return pk, (lambda _: None) if kind == "Delete" else (lambda item: item)


def _updating(update: Update | None, values: Values, empty: FrozenItem, key: str) -> Change:
    if update is None:
        return lambda item: empty if item is None else item
    if any(path[0] == key for path in update.paths):
        raise Invalid(
            "One or more parameter values were invalid: "
            f"Cannot update attribute {key}. This attribute is part of the key"
        )
    known = update

    def change(item: FrozenItem | None) -> FrozenItem | None:
        if item is None and not known.creates:
            return None  # what only removes makes no item
        return known.apply(empty if item is None else item, values)

    return change
