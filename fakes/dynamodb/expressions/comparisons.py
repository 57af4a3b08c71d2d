"""The closures that a condition is made of.

An attribute that is missing is equal to nothing, not even to another one; so `<>` is true of it. Values of
different types are unequal and without order.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from fakes.dynamodb.expressions.operands import ORDERED, Operand
from fakes.dynamodb.expressions.tokens import Values
from fakes.dynamodb.values import FrozenItem

__all__ = ["ORDER", "Test", "both", "compare_order", "either", "equal", "negate"]

Test = Callable[[FrozenItem, Values], bool]

ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def equal(left: Operand, right: Operand) -> Test:
    one, two = left.read, right.read

    def test(item: FrozenItem, values: Values) -> bool:
        value = one(item, values)
        return value is not None and value == two(item, values)

    return test


def compare_order(left: Operand, holds: Callable[[Any, Any], bool], right: Operand) -> Test:
    # The order of Python's strings, by code point, is that of their UTF-8 bytes.
    one, two = left.read, right.read

    def test(item: FrozenItem, values: Values) -> bool:
        a, b = one(item, values), two(item, values)
        return a is not None and b is not None and a[0] == b[0] and a[0] in ORDERED and holds(a[1], b[1])

    return test


def either(one: Test, two: Test) -> Test:
    return lambda item, values: one(item, values) or two(item, values)


def both(one: Test, two: Test) -> Test:
    return lambda item, values: one(item, values) and two(item, values)


def negate(one: Test) -> Test:
    return lambda item, values: not one(item, values)
