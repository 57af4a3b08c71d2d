"""The actions of an update expression: SET, REMOVE, ADD and DELETE.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Callable

from fakes.dynamodb.documents import Path
from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.expressions.operands import Read, path_or_value, reading, require_types
from fakes.dynamodb.expressions.terms import NUMBERS, WRONG_TYPE, present, require_type, term
from fakes.dynamodb.expressions.tokens import Reader, Values
from fakes.dynamodb.numbers import add
from fakes.dynamodb.values import FrozenItem, FrozenValue

__all__ = ["CLAUSES"]


_SETS = frozenset({"SS", "NS", "BS"})


def _set(reader: Reader) -> tuple[Path, Read]:
    path = reader.path()
    reader.expect("=")
    left = term(reader)
    sign = reader.next.text
    if sign not in ("+", "-"):
        return path, present(left.read)
    reader.take()
    right = term(reader)
    require_types(reader, sign, NUMBERS, left, right)
    one, two, factor = require_type(left.read, NUMBERS), require_type(right.read, NUMBERS), 1 if sign == "+" else -1
    return path, lambda item, values: ("N", add(one(item, values)[1], two(item, values)[1], factor))


def _remove(reader: Reader) -> tuple[Path, Read]:
    return reader.path(), lambda item, values: None


def _add(reader: Reader) -> tuple[Path, Read]:
    path, reference = _path_and_value(reader, "ADD", NUMBERS | _SETS)
    before = reading(path)

    def compute(item: FrozenItem, values: Values) -> FrozenValue:
        old, more = before(item, values), values[reference]
        if old is None:
            return more
        if old[0] != more[0]:
            raise Invalid(WRONG_TYPE)
        return old[0], add(old[1], more[1]) if old[0] == "N" else old[1] | more[1]

    return path, compute


def _delete(reader: Reader) -> tuple[Path, Read]:
    path, reference = _path_and_value(reader, "DELETE", _SETS)
    before = reading(path)

    def compute(item: FrozenItem, values: Values) -> FrozenValue | None:
        old, less = before(item, values), values[reference]
        if old is None:
            return None
        if old[0] != less[0]:
            raise Invalid(WRONG_TYPE)
        left = old[1] - less[1]
        return (old[0], left) if left else None

    return path, compute


def _path_and_value(reader: Reader, clause: str, types: frozenset[str]) -> tuple[Path, str]:
    path, operand = reader.path(), path_or_value(reader)
    if operand.reference is None:
        raise reader.syntax()
    require_types(reader, clause, types, operand)
    return path, operand.reference


#: Each reads one action: the path it changes, and what will stand there (None: nothing).
CLAUSES: dict[str, Callable[[Reader], tuple[Path, Read]]] = {
    "SET": _set,
    "REMOVE": _remove,
    "ADD": _add,
    "DELETE": _delete,
}
