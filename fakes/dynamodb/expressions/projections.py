"""Projection expressions: which parts of an item a read gives.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ProjectionExpressions.html
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from fakes.dynamodb.documents import Path, refuse_overlap
from fakes.dynamodb.expressions.tokens import Reader, Uses

__all__ = ["Projection", "compile_projection"]


@dataclass(frozen=True, slots=True)
class Projection:
    """The paths to give."""

    paths: tuple[Path, ...]
    uses: Uses


@cache
def compile_projection(expression: str, names: tuple[tuple[str, str], ...] = ()) -> Projection:
    """Parse once per text and names; raises `Invalid` as DynamoDB would."""
    reader = Reader("ProjectionExpression", expression, dict(names))
    paths = [reader.path()]
    while reader.accept(","):
        paths.append(reader.path())
    if not reader.done():
        raise reader.syntax()
    refuse_overlap(reader.slot, paths)
    return Projection(tuple(paths), reader.uses())
