"""DynamoDB expressions with their names and values filled in from what the expression mentions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from function.ledger.attributes import Item, typed
from function.ledger.states import Action, State, sources

__all__ = ["changed_by", "check", "one_of", "put", "update"]

_NAME = re.compile(r"#(\w+)")
_VALUE = re.compile(r":(\w+)")
_STATES = {state.value: state.value for state in State}


def one_of(states: Iterable[State]) -> str:
    """The condition that the record is in one of `states`."""
    return f"#state IN ({', '.join(f':{state}' for state in states)})"


def changed_by(action: Action) -> str:
    """The condition that the record is in a state that `action` changes."""
    return one_of(sources(action))


def _filled(values: Mapping[str, object], names: Mapping[str, str] | None = None, /, **texts: str) -> dict[str, Any]:
    """The expressions, with just the names and values that they mention, as DynamoDB demands.

    A name stands for itself, or for what `names` says.
    """
    text = " ".join(texts.values())
    known = _STATES | dict(values)
    request: dict[str, Any] = {key: value for key, value in texts.items() if value}
    if named := sorted(set(_NAME.findall(text))):
        request["ExpressionAttributeNames"] = {f"#{name}": (names or {}).get(name, name) for name in named}
    if mentioned := sorted(set(_VALUE.findall(text))):
        request["ExpressionAttributeValues"] = {f":{name}": typed(known[name]) for name in mentioned}
    return request


def update(table: str, key: str, expression: str, condition: str, values: Mapping[str, object]) -> dict[str, Any]:
    """Keyword arguments of UpdateItem, and of an Update in a transaction."""
    return {
        "TableName": table,
        "Key": {"pk": typed(key)},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_filled(values, UpdateExpression=expression, ConditionExpression=condition),
    }


def put(table: str, item: Mapping[str, object], condition: str, values: Mapping[str, object]) -> dict[str, Any]:
    """Keyword arguments of a Put in a transaction; None values of `item` are left out."""
    stored: Item = {name: typed(value) for name, value in item.items() if value is not None}
    return {
        "TableName": table,
        "Item": stored,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_filled(values, ConditionExpression=condition),
    }


def check(table: str, key: str, condition: str, names: Mapping[str, str]) -> dict[str, Any]:
    """Keyword arguments of a ConditionCheck in a transaction."""
    return {
        "TableName": table,
        "Key": {"pk": typed(key)},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_filled({}, names, ConditionExpression=condition),
    }
