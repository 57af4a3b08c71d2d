"""The functions of a condition that are true or false by themselves.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

from collections.abc import Callable

from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.expressions.comparisons import Test
from fakes.dynamodb.expressions.operands import Operand, Read, path_or_value, require_distinct, require_types
from fakes.dynamodb.expressions.tokens import Reader, Values
from fakes.dynamodb.values import FrozenItem

__all__ = ["FUNCTIONS"]

_TYPES = frozenset({"S", "SS", "N", "NS", "B", "BS", "BOOL", "NULL", "L", "M"})
_PREFIXED = frozenset({"S", "B"})
#: What each type can contain: a text its parts, a set its members.
_PARTS = {"S": "S", "B": "B", "SS": "S", "NS": "N", "BS": "B"}


def _arguments(reader: Reader, function: str, count: int) -> list[Operand]:
    reader.expect("(")
    found = [path_or_value(reader)]
    while reader.accept(","):
        found.append(path_or_value(reader))
    reader.expect(")")
    if len(found) != count:
        raise reader.wrong(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {function}, number of operands: {len(found)}"
        )
    return found


def _path_read(reader: Reader, function: str) -> Read:
    (argument,) = _arguments(reader, function, 1)
    if argument.path is None:
        raise reader.wrong(f"Operator or function requires a document path; operator or function: {function}")
    return argument.read


def _exists(reader: Reader) -> Test:
    read = _path_read(reader, "attribute_exists")
    return lambda item, values: read(item, values) is not None


def _not_exists(reader: Reader) -> Test:
    read = _path_read(reader, "attribute_not_exists")
    return lambda item, values: read(item, values) is None


def _type(reader: Reader) -> Test:
    subject, wanted = _arguments(reader, "attribute_type", 2)
    reference, slot = wanted.reference, reader.slot
    if reference is None:
        raise reader.wrong("Incorrect operand type for operator or function; operator or function: attribute_type")
    require_types(reader, "attribute_type", frozenset({"S"}), wanted)

    def check(values: Values) -> None:
        if values[reference][1] not in _TYPES:
            raise Invalid(f"Invalid {slot}: Invalid attribute type name found; type: {values[reference][1]}")

    reader.checks.append(check)

    def test(item: FrozenItem, values: Values) -> bool:
        value = subject.read(item, values)
        return value is not None and value[0] == values[reference][1]

    return test


def _begins_with(reader: Reader) -> Test:
    subject, prefix = _arguments(reader, "begins_with", 2)
    require_distinct(reader, "begins_with", subject, prefix)
    require_types(reader, "begins_with", _PREFIXED, subject, prefix)

    def test(item: FrozenItem, values: Values) -> bool:
        whole, start = subject.read(item, values), prefix.read(item, values)
        if whole is None or start is None or whole[0] != start[0] or whole[0] not in _PREFIXED:
            return False
        return bool(whole[1].startswith(start[1]))

    return test


def _contains(reader: Reader) -> Test:
    subject, part = _arguments(reader, "contains", 2)
    require_distinct(reader, "contains", subject, part)

    def test(item: FrozenItem, values: Values) -> bool:
        whole, one = subject.read(item, values), part.read(item, values)
        if whole is None or one is None:
            return False
        if whole[0] == "L":
            return one in whole[1]
        return one[0] == _PARTS.get(whole[0]) and one[1] in whole[1]

    return test


#: Each reads its arguments and gives its test.
FUNCTIONS: dict[str | None, Callable[[Reader], Test]] = {
    "attribute_exists": _exists,
    "attribute_not_exists": _not_exists,
    "attribute_type": _type,
    "begins_with": _begins_with,
    "contains": _contains,
}
