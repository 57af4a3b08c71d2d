"""DynamoDB's numbers: 38 significant digits, from 1E-130 to 9.99E+125.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, Inexact

from fakes.dynamodb.errors import Invalid

__all__ = ["Number", "add", "format_number", "number"]

Number = int | Decimal

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_PRECISION = 38
_EXACT = Context(prec=_PRECISION, Emin=-999999, Emax=999999, traps=[Inexact])
_LARGEST = 125
_SMALLEST = -130


def add(left: Number, right: Number, sign: int = 1) -> Number:
    """The sum (or, with sign -1, the difference) of two numbers."""
    try:
        return _bound(_EXACT.add(Decimal(left), Decimal(right) * sign))
    except Inexact:
        raise Invalid("Attempting to store more than 38 significant digits in a Number") from None


def number(text: str) -> Number:
    """Take in what a request holds as text."""
    if text.isascii() and text.isdigit() and len(text) <= _PRECISION:
        return int(text)
    if not _NUMBER.fullmatch(text):
        raise Invalid(f"The parameter cannot be converted to a numeric value: {text}")
    given = Decimal(text)
    if len(given.normalize(Context(prec=10_000)).as_tuple().digits) > _PRECISION:
        raise Invalid("Attempting to store more than 38 significant digits in a Number")
    return _bound(given)


def _bound(number: Decimal) -> Number:
    if number and number.adjusted() > _LARGEST:
        raise Invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
    if number and number.adjusted() < _SMALLEST:
        raise Invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    return int(number) if number == number.to_integral_value() else number.normalize(_EXACT)


def format_number(number: Number) -> str:
    """Give out as DynamoDB writes it: no exponent, no zero that says nothing."""
    return str(number) if isinstance(number, int) else format(number, "f")
