"""What an update sets: a path, a value, or a function of them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

from collections.abc import Callable

from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.expressions.operands import Operand, Read, path_or_value, require_types
from fakes.dynamodb.expressions.tokens import Reader, Values
from fakes.dynamodb.values import FrozenItem, FrozenValue

__all__ = ["NUMBERS", "WRONG_TYPE", "present", "require_type", "term"]

NUMBERS = frozenset({"N"})
LISTS = frozenset({"L"})
_MISSING = "The provided expression refers to an attribute that does not exist in the item"
WRONG_TYPE = "An operand in the update expression has an incorrect data type"


def term(reader: Reader, outer: str | None = None) -> Operand:
    """A path, a value or a function of them; `list_append` stands inside no other function."""
    name = reader.function()
    if name is None:
        return path_or_value(reader)
    if name not in _FUNCTIONS:
        raise reader.wrong(f"Invalid function name; function: {name}")
    if outer is not None and name == "list_append":
        raise reader.wrong(f"The function is not allowed to be used this way in an expression; function: {name}")
    reader.take()
    reader.expect("(")
    arguments = [term(reader, name)]
    while reader.accept(","):
        arguments.append(term(reader, name))
    reader.expect(")")
    if len(arguments) != 2:
        raise reader.wrong(
            "Incorrect number of operands for operator or function; "
            f"operator or function: {name}, number of operands: {len(arguments)}"
        )
    return Operand(_FUNCTIONS[name](reader, *arguments))


def _if_not_exists(reader: Reader, wanted: Operand, otherwise: Operand) -> Read:
    if wanted.path is None:
        raise reader.wrong("Operator or function requires a document path; operator or function: if_not_exists")
    first, second = wanted.read, otherwise.read

    def compute(item: FrozenItem, values: Values) -> FrozenValue | None:
        value = first(item, values)
        return second(item, values) if value is None else value

    return compute


def _list_append(reader: Reader, front: Operand, back: Operand) -> Read:
    require_types(reader, "list_append", LISTS, front, back)
    one, two = require_type(front.read, LISTS), require_type(back.read, LISTS)
    return lambda item, values: ("L", one(item, values)[1] + two(item, values)[1])


def present(compute: Read) -> Callable[[FrozenItem, Values], FrozenValue]:
    def read(item: FrozenItem, values: Values) -> FrozenValue:
        value = compute(item, values)
        if value is None:
            raise Invalid(_MISSING)
        return value

    return read


def require_type(compute: Read, types: frozenset[str]) -> Callable[[FrozenItem, Values], FrozenValue]:
    existing = present(compute)

    def read(item: FrozenItem, values: Values) -> FrozenValue:
        value = existing(item, values)
        if value[0] not in types:
            raise Invalid(WRONG_TYPE)
        return value

    return read


_FUNCTIONS = {"if_not_exists": _if_not_exists, "list_append": _list_append}
