"""DynamoDB's typed values as immutable, hashable Python values.

A value is a pair of its type and its content: `("S", "a")`, `("N", 5)`, `("L", (value, ...))`, `("M", Frozen)`,
`("SS", frozenset)`. Two values are equal exactly if DynamoDB calls them equal. Rules of each type:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ParamValidationError

from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.numbers import format_number, number

__all__ = ["Frozen", "FrozenItem", "FrozenValue", "Typed", "freeze", "freeze_item", "thaw", "thaw_item"]

V = TypeVar("V")


class Frozen(dict[str, V]):
    """A mapping that nobody changes once it is built, and that is hashed once."""

    __slots__ = ("_hash",)
    _hash: int

    def __hash__(self) -> int:  # type: ignore[override]  # dict says None; this one does not change
        try:
            return self._hash
        except AttributeError:
            self._hash = hash(frozenset(self.items()))
            return self._hash

    def __reduce__(self) -> tuple[type[Frozen[V]], tuple[dict[str, V]]]:
        """Travel without the hash: that of a string differs from process to process."""
        return Frozen, (dict(self),)


FrozenValue = tuple[str, Any]
FrozenItem = Frozen[FrozenValue]
Typed = Mapping[str, Any]


def freeze(typed: Typed) -> FrozenValue:
    """Take in one `{"S": ...}`; raises `Invalid`, or botocore's own error for what a client would not send."""
    if len(typed) != 1:
        raise ParamValidationError(report=f"an attribute value has exactly one type: {typed!r}")
    ((tag, content),) = typed.items()
    if tag == "S" and content.__class__ is str:
        return tag, content
    if tag not in _FREEZE:
        raise ParamValidationError(report=f"unknown attribute type {tag!r} in {typed!r}")
    python, take = _FREEZE[tag]
    if not isinstance(content, python):
        raise ParamValidationError(report=f"{tag} is {python}, not {content!r}")
    return tag, take(content)


def freeze_item(typed: Mapping[str, Typed]) -> FrozenItem:
    """Take in a whole item (or map, or set of expression values)."""
    return Frozen({name: freeze(value) for name, value in typed.items()})


def thaw(value: FrozenValue) -> dict[str, Any]:
    """Give out a fresh `{"S": ...}` that the caller may change."""
    tag, content = value
    if tag in _THAW:
        content = _THAW[tag](content)
    return {tag: content}


def thaw_item(item: FrozenItem) -> dict[str, Any]:
    """Give out a whole item."""
    return {name: thaw(value) for name, value in item.items()}


def _null(content: bool) -> bool:
    if not content:
        raise Invalid(
            "One or more parameter values were invalid: Null attribute value types must have the value of true"
        )
    return content


def _set_of(member: Callable[[Any], Any], kind: str) -> Callable[[Iterable[Any]], frozenset[Any]]:
    def take(members: Iterable[Any]) -> frozenset[Any]:
        listed = [member(one) for one in members]
        if not listed:
            raise Invalid(f"One or more parameter values were invalid: An {kind} set  may not be empty")
        if len(set(listed)) < len(listed):
            raise Invalid("One or more parameter values were invalid: Input collection contains duplicates")
        return frozenset(listed)

    return take


_SEQUENCE = (list, tuple, set, frozenset)
_FREEZE: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "S": (str, str),
    "N": (str, number),
    "B": ((bytes, bytearray), bytes),
    "BOOL": (bool, bool),
    "NULL": (bool, _null),
    "L": ((list, tuple), lambda content: tuple(freeze(one) for one in content)),
    "M": (Mapping, freeze_item),
    "SS": (_SEQUENCE, _set_of(str, "string")),
    "NS": (_SEQUENCE, _set_of(number, "number")),
    "BS": (_SEQUENCE, _set_of(bytes, "binary")),
}
_THAW: dict[str, Callable[[Any], Any]] = {
    "N": format_number,
    "L": lambda content: [thaw(one) for one in content],
    "M": thaw_item,
    "SS": sorted,
    "NS": lambda content: [format_number(one) for one in sorted(content)],
    "BS": sorted,
}
