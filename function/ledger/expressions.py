"""DynamoDB expressions with their names and values filled in from what the expression mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from function.ledger.attributes import Item, serialize
from function.ledger.states import Action, State, sources

__all__ = ["check", "in_source_state", "put", "state_in", "update"]

_NAME = re.compile(r"#(\w+)")
_VALUE = re.compile(r":(\w+)")
_STATES = {state.value: state.value for state in State}


def state_in(states: Iterable[State]) -> str:
    """The condition that the record is in one of `states`."""
    return f"#state IN ({', '.join(f':{state}' for state in states)})"


def in_source_state(action: Action) -> str:
    """The condition that the record is in a state that `action` changes."""
    return state_in(sources(action))


def _fill(values: Mapping[str, object], names: Mapping[str, str] | None = None, /, **texts: str) -> dict[str, Any]:
    """The expressions, with just the names and values that they mention, as DynamoDB demands.

    A name stands for itself, or for what `names` says.
    """
    text = " ".join(texts.values())
    known = _STATES | dict(values)
    request: dict[str, Any] = {key: value for key, value in texts.items() if value}
    if named := sorted(set(_NAME.findall(text))):
        request["ExpressionAttributeNames"] = {f"#{name}": (names or {}).get(name, name) for name in named}
    if mentioned := sorted(set(_VALUE.findall(text))):
        request["ExpressionAttributeValues"] = {f":{name}": serialize(known[name]) for name in mentioned}
    return request


def update(table: str, key: str, expression: str, condition: str, values: Mapping[str, object]) -> dict[str, Any]:
    """Keyword arguments of UpdateItem, and of an Update in a transaction."""
    return {
        "TableName": table,
        "Key": {"pk": serialize(key)},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_fill(values, UpdateExpression=expression, ConditionExpression=condition),
    }


def put(table: str, item: Mapping[str, object], condition: str, values: Mapping[str, object]) -> dict[str, Any]:
    """Keyword arguments of a Put in a transaction; None values of `item` are left out."""
    stored: Item = {name: serialize(value) for name, value in item.items() if value is not None}
    return {
        "TableName": table,
        "Item": stored,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_fill(values, ConditionExpression=condition),
    }


def check(table: str, key: str, condition: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Keyword arguments of a ConditionCheck in a transaction."""
    return {
        "TableName": table,
        "Key": {"pk": serialize(key)},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_fill({}, names, ConditionExpression=condition),
    }
