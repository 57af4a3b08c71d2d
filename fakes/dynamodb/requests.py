"""What every request is judged by before any item is looked at.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeValues.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.expressions.tokens import Uses, Values
from fakes.dynamodb.values import Frozen, FrozenItem, Typed, freeze, freeze_item

__all__ = ["NOTHING", "accept", "combine_uses", "judge", "key_of", "names_of"]

#: An item without attributes.
NOTHING: FrozenItem = Frozen()


def accept(request: Mapping[str, Any], known: Set[str]) -> None:
    """Refuse what this table does not play, rather than pass it over."""
    unknown = request.keys() - known
    if unknown:
        raise NotImplementedError(f"the table with memory does not play {', '.join(sorted(unknown))}")


def names_of(request: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """`ExpressionAttributeNames`, fit to be a cache's key."""
    names = request.get("ExpressionAttributeNames")
    if names == {}:
        raise Invalid("ExpressionAttributeNames must not be empty")
    return tuple(names.items()) if names else ()


def combine_uses(names: Iterable[tuple[str, str]], *uses: Uses) -> Uses:
    """What all expressions of a request use; raises `Invalid` if it defines a name that none of them does."""
    used = Uses(
        frozenset[str]().union(*(one.names for one in uses)),
        frozenset[str]().union(*(one.values for one in uses)),
        tuple(check for one in uses for check in one.checks),
    )
    _refuse_unused("Names", dict(names).keys() - used.names)
    return used


def judge(request: Mapping[str, Any], uses: Uses) -> Values:
    """The values of the request: all that are used and no others, each of a fitting type; else raises `Invalid`."""
    given = request.get("ExpressionAttributeValues")
    if given == {}:
        raise Invalid("ExpressionAttributeValues must not be empty")
    values = freeze_item(given) if given else NOTHING
    if values.keys() != uses.values:
        _refuse_unused("Values", values.keys() - uses.values)
        raise Invalid(
            "Invalid expression: An expression attribute value used in expression is not defined; "
            f"attribute value: {min(uses.values - values.keys())}"
        )
    for check in uses.checks:
        check(values)
    return values


def key_of(typed: Mapping[str, Typed], key: str) -> str:
    """The key's text; raises `Invalid` if it is missing, empty, or of another type."""
    tag, content = freeze(typed[key]) if key in typed else ("", "")
    if tag != "S":
        raise Invalid("The provided key element does not match the schema")
    if not content:
        raise Invalid(
            "One or more parameter values are not valid. The AttributeValue for a key attribute "
            f"cannot contain an empty string value. Key: {key}"
        )
    return str(content)


def _refuse_unused(which: str, unused: Set[str]) -> None:
    if unused:
        raise Invalid(
            f"Value provided in ExpressionAttribute{which} unused in expressions: keys: {{{', '.join(sorted(unused))}}}"
        )
