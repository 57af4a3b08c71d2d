"""CloudWatch's metric math, as far as Herald's alarms use it: arithmetic, comparisons, IF and FILL.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

__all__ = ["evaluate"]

MetricValue = float | None

_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


def evaluate(expression: str, values: Mapping[str, MetricValue]) -> MetricValue:
    """Return the expression's value for one period, None without data. Raises `ValueError` if it is unsupported."""
    return _evaluate_node(ast.parse(expression, mode="eval").body, values)


def _evaluate_node(node: ast.expr, values: Mapping[str, MetricValue]) -> MetricValue:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in values:
            return values[name]
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return _apply(sign, _evaluate_node(left, values), _evaluate_node(right, values))
        case ast.Compare(left=left, ops=[sign], comparators=[right]) if type(sign) in _OPERATORS:
            return _apply(sign, _evaluate_node(left, values), _evaluate_node(right, values))
        case ast.Call(func=ast.Name(id="FILL"), args=[metric, missing]):
            found = _evaluate_node(metric, values)
            return _evaluate_node(missing, values) if found is None else found
        case ast.Call(func=ast.Name(id="IF"), args=[condition, yes, no]):
            answer = _evaluate_node(condition, values)
            return None if answer is None else _evaluate_node(yes if answer else no, values)
    raise ValueError(f"metric math that the laptop does not play: {ast.unparse(node)}")


def _apply(sign: ast.AST, left: MetricValue, right: MetricValue) -> MetricValue:
    if left is None or right is None:
        return None
    try:
        return float(_OPERATORS[type(sign)](left, right))
    except ZeroDivisionError:
        return None
