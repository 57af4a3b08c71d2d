"""What stands at either side of a comparison: a path, a reference to a value of the request, or `size(path)`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fakes.dynamodb.documents import Path, read, text
from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.expressions.tokens import Reader, Values
from fakes.dynamodb.values import FrozenItem, FrozenValue

__all__ = ["ORDERED", "Operand", "Read", "operand", "path_or_value", "reading", "require_distinct", "require_types"]

Read = Callable[[FrozenItem, Values], FrozenValue | None]

#: The types that have an order.
ORDERED = frozenset({"S", "N", "B"})
_SIZED = frozenset({"B", "SS", "NS", "BS", "L", "M"})


@dataclass(frozen=True, slots=True)
class Operand:
    """`read` gives its value, or None where the item has none; one of the others says what it was written as."""

    read: Read
    reference: str | None = None
    path: Path | None = None


def operand(reader: Reader) -> Operand:
    """A path, a value, or a size."""
    if reader.function() is None:
        return path_or_value(reader)
    name = reader.take().text
    if name != "size":
        raise _not_a_value(reader, name)
    reader.expect("(")
    argument = path_or_value(reader)
    if reader.accept(","):
        raise reader.wrong(
            "Incorrect number of operands for operator or function; operator or function: size, number of operands: 2"
        )
    reader.expect(")")
    return Operand(_size(argument.read))


def path_or_value(reader: Reader) -> Operand:
    """A path or a value."""
    if reader.next.kind == "value":
        reference = reader.value()
        return Operand(lambda _, values: values[reference], reference=reference)
    path = reader.path()
    return Operand(reading(path), path=path)


def reading(path: Path) -> Read:
    """A closure that reads the path; the common case, a whole attribute, is one look-up."""
    if len(path) == 1:
        name = str(path[0])
        return lambda item, _: item.get(name)
    return lambda item, _: read(item, path)


def require_types(reader: Reader, function: str, types: frozenset[str], *operands: Operand) -> None:
    """Values of the request must have one of the types; what the item holds may be anything, and compares false."""
    slot = reader.slot
    for reference in [one.reference for one in operands if one.reference is not None]:

        def check(values: Values, reference: str = reference) -> None:
            if values[reference][0] not in types:
                raise Invalid(
                    f"Invalid {slot}: Incorrect operand type for operator or function; "
                    f"operator or function: {function}, operand type: {values[reference][0]}"
                )

        reader.checks.append(check)


def require_distinct(reader: Reader, function: str, first: Operand, *others: Operand) -> None:
    """An attribute may not be compared with itself."""
    if first.path is not None and any(first.path == other.path for other in others):
        raise reader.wrong(
            "The first operand must be distinct from the remaining operands for this operator or function; "
            f"operator: {function}, first operand: {text(first.path)}"
        )


def _size(read_argument: Read) -> Read:
    def size(item: FrozenItem, values: Values) -> FrozenValue | None:
        value = read_argument(item, values)
        if value is not None and value[0] == "S":
            return "N", len(value[1].encode("utf-16-le")) // 2
        return ("N", len(value[1])) if value is not None and value[0] in _SIZED else None

    return size


def _not_a_value(reader: Reader, name: str) -> Invalid:
    known = {"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"}
    if name in known | {"if_not_exists", "list_append"}:
        return reader.wrong(f"The function is not allowed to be used this way in an expression; function: {name}")
    return reader.wrong(f"Invalid function name; function: {name}")
