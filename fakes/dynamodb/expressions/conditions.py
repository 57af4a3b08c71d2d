"""Condition expressions as closures over an item.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cache

from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.expressions.comparisons import ORDER, Test, both, compare_order, either, equal, negate
from fakes.dynamodb.expressions.functions import FUNCTIONS
from fakes.dynamodb.expressions.operands import ORDERED, Operand, operand, require_distinct, require_types
from fakes.dynamodb.expressions.tokens import Check, Reader, Token, Uses, Values

__all__ = ["Condition", "compile_condition"]

_MOST_OPERANDS = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """`test(item, values)` says whether it holds."""

    test: Test
    uses: Uses


@cache
def compile_condition(
    expression: str, names: tuple[tuple[str, str], ...] = (), slot: str = "ConditionExpression"
) -> Condition:
    """Parse once per text and names; raises `Invalid` as DynamoDB would."""
    reader = Reader(slot, expression, dict(names))
    _refuse_redundant(reader)
    test = _disjunction(reader)
    if not reader.done():
        raise reader.syntax()
    return Condition(test, reader.uses())


def _disjunction(reader: Reader) -> Test:
    test = _conjunction(reader)
    while reader.accept("OR"):
        test = either(test, _conjunction(reader))
    return test


def _conjunction(reader: Reader) -> Test:
    test = _negation(reader)
    while reader.accept("AND"):
        test = both(test, _negation(reader))
    return test


def _negation(reader: Reader) -> Test:
    if reader.accept("NOT"):
        return negate(_negation(reader))
    return _primary(reader)


def _primary(reader: Reader) -> Test:
    if reader.accept("("):
        test = _disjunction(reader)
        reader.expect(")")
        return test
    name = reader.function()
    if name in FUNCTIONS:
        reader.take()
        test = FUNCTIONS[name](reader)
        if reader.next.text in (*ORDER, "=", "<>"):
            raise reader.wrong(f"The function is not allowed to be used this way in an expression; function: {name}")
        return test
    left = operand(reader)
    if name == "size" and reader.next.text in ("", ")"):
        raise reader.wrong("The function is not allowed to be used this way in an expression; function: size")
    return _comparison(reader, left)


def _comparison(reader: Reader, left: Operand) -> Test:
    if reader.accept("BETWEEN"):
        return _between(reader, left)
    if reader.accept("IN"):
        return _within(reader, left)
    kind, sign = reader.next
    if kind != "symbol" or sign not in (*ORDER, "=", "<>"):
        raise reader.syntax()
    reader.take()
    right = operand(reader)
    require_distinct(reader, sign, left, right)
    if sign in ORDER:
        require_types(reader, sign, ORDERED, left, right)
        return compare_order(left, ORDER[sign], right)
    return equal(left, right) if sign == "=" else negate(equal(left, right))


def _between(reader: Reader, middle: Operand) -> Test:
    low = operand(reader)
    reader.expect("AND")
    high = operand(reader)
    require_distinct(reader, "BETWEEN", middle, low, high)
    require_types(reader, "BETWEEN", ORDERED, middle, low, high)
    reader.checks.extend(_ascending(reader.slot, low.reference, high.reference))
    return both(compare_order(low, operator.le, middle), compare_order(middle, operator.le, high))


def _within(reader: Reader, left: Operand) -> Test:
    reader.expect("(")
    tests: list[Test] = []
    while not tests or reader.accept(","):
        right = operand(reader)
        require_distinct(reader, "IN", left, right)
        tests.append(equal(left, right))
    reader.expect(")")
    if len(tests) >= _MOST_OPERANDS:
        raise reader.wrong(
            "Incorrect number of operands for operator or function; "
            f"operator or function: IN, number of operands: {len(tests) + 1}"
        )
    return lambda item, values: any(test(item, values) for test in tests)


def _ascending(slot: str, low: str | None, high: str | None) -> list[Check]:
    def check(values: Values) -> None:
        (kind, least), (other, most) = values[str(low)], values[str(high)]
        if kind != other:
            raise Invalid(f"Invalid {slot}: The BETWEEN operator requires same data type for lower and upper bounds")
        if most < least:
            raise Invalid(
                f"Invalid {slot}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
            )

    return [] if low is None or high is None else [check]


def _refuse_redundant(reader: Reader) -> None:
    """DynamoDB takes no `((a = :b))`: parentheses right inside parentheses."""
    opened: list[int] = []
    pairs: dict[int, int] = {}
    for at, token in enumerate(reader.tokens):
        if token == Token("symbol", "("):
            opened.append(at)
        elif token == Token("symbol", ")") and opened:
            pairs[opened.pop()] = at
    if any(pairs.get(start + 1) == end - 1 for start, end in pairs.items()):
        raise reader.wrong("The expression has redundant parentheses;")
