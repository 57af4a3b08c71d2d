"""The shape of a case, and how one is run against any client."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from fakes.dynamodb.values import FrozenItem, freeze_item

__all__ = ["FAILED", "INVALID", "TABLE", "ConditionCase", "UpdateCase", "freeze_without_key", "holds", "run_update"]

TABLE = "herald-ledger"
INVALID = "ValidationException"
FAILED = "ConditionalCheckFailedException"

#: What counts as a refusal: an emulator in this process may break where the service answers *ValidationException*.
Refusals = tuple[type[Exception], ...]
#: The item after an update (or what refused it), and the attributes that were returned.
Outcome = tuple[FrozenItem | str | None, FrozenItem | None]


@dataclass(frozen=True, slots=True)
class ConditionCase:
    """A condition on an item: it holds (True), it fails (False), or the request is refused (an error code)."""

    expression: str
    answer: bool | str
    item: Mapping[str, Any] | None
    values: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return _describe(self.expression, self.item, self.values, self.names) or "an empty condition"


@dataclass(frozen=True, slots=True)
class UpdateCase:
    """An update of an item: `after` is the item afterwards, or an error code; `attributes` what is returned."""

    expression: str
    after: Mapping[str, Any] | str | None
    item: Mapping[str, Any] | None
    values: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    returns: str = "NONE"
    attributes: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        told = _describe(self.expression, self.item, self.values, self.names)
        return (told or "an empty update") if self.returns == "NONE" else f"{told} -> {self.returns}"

    @property
    def outcome(self) -> Outcome:
        after = self.after if isinstance(self.after, str) else freeze_without_key(self.after)
        return after, freeze_without_key(self.attributes)


def holds(client: Any, pk: str, case: ConditionCase, refusals: Refusals = (ClientError,)) -> bool | str:
    """Ask whether the condition holds, by deleting the item under it."""
    _prepare(client, pk, case.item)
    try:
        client.delete_item(
            TableName=TABLE,
            Key={"pk": {"S": pk}},
            ConditionExpression=case.expression,
            **_references(case.names, case.values),
        )
    except refusals as error:
        code = _code(error)
        return False if code == FAILED else code
    return True


def run_update(client: Any, pk: str, case: UpdateCase, refusals: Refusals = (ClientError,)) -> Outcome:
    """Make the update; the item afterwards without its key, or the error's code, and what was returned."""
    _prepare(client, pk, case.item)
    try:
        answer = client.update_item(
            TableName=TABLE,
            Key={"pk": {"S": pk}},
            UpdateExpression=case.expression,
            ReturnValues=case.returns,
            **_references(case.names, case.values),
        )
        stored = client.get_item(TableName=TABLE, Key={"pk": {"S": pk}}, ConsistentRead=True)
        return freeze_without_key(stored.get("Item")), freeze_without_key(answer.get("Attributes"))
    except refusals as error:
        return _code(error), None


def freeze_without_key(typed: Mapping[str, Any] | None) -> FrozenItem | None:
    """An item without its key, in a form in which equal values are equal."""
    return None if typed is None else freeze_item({name: value for name, value in typed.items() if name != "pk"})


def _prepare(client: Any, pk: str, item: Mapping[str, Any] | None) -> None:
    client.delete_item(TableName=TABLE, Key={"pk": {"S": pk}})
    if item is not None:
        client.put_item(TableName=TABLE, Item={"pk": {"S": pk}, **item})


def _references(names: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
    references: dict[str, Any] = {}
    if names:
        references["ExpressionAttributeNames"] = dict(names)
    if values:
        references["ExpressionAttributeValues"] = dict(values)
    return references


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else INVALID


def _describe(
    expression: str, item: Mapping[str, Any] | None, values: Mapping[str, Any], names: Mapping[str, str]
) -> str:
    """The expression with its values in place: the name of a case."""

    def value(match: re.Match[str]) -> str:
        typed = values.get(match[0], {})
        return next((_plain(tag, content) for tag, content in typed.items()), match[0])

    unused = "".join(f" with {one}" for one in (*values, *names) if one not in re.findall(r"[:#]\w+", expression))
    return re.sub(r":\w+", value, expression) + unused + ("" if item is not None else " of no item")


def _plain(tag: str, content: Any) -> str:
    if tag == "L":
        return f"[{', '.join(_plain(*pair) for one in content for pair in one.items())}]"
    if tag in ("SS", "NS", "BS"):
        return f"{{{', '.join(map(str, content))}}}"
    return content if tag == "N" else "a map" if tag == "M" else repr(content)
