"""The worst answers that AWS's documentation allows: only what is promised, lists in no order, one element a page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, Self

from botocore.model import ListShape, Shape, StructureShape

from laptop.model_validation import load_operation_model
from tests.documented.rules import RULES

__all__ = ["WorstCase", "keep_promised"]


class Player(Protocol):
    """What plays the calls of a service."""

    def play(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]: ...


class WorstCase:
    """A simulated service that keeps to the letter of what is documented."""

    def __init__(self, player: Player, service: str) -> None:
        self._player = player
        self._service = service

    def play(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call, or one page of it."""
        start = int(request.get("nextToken") or 0)
        whole = self._player.play(operation, {name: value for name, value in request.items() if name != "nextToken"})
        answer = keep_promised(self._service, operation, whole)
        shape = load_operation_model(self._service, operation).output_shape
        if not isinstance(shape, StructureShape) or "nextToken" not in shape.members:
            return answer
        name, rows = next(((name, value) for name, value in answer.items() if isinstance(value, list)), ("", []))
        more = {"nextToken": str(start + 1)} if start + 1 < len(rows) else {}
        return answer | ({name: rows[start : start + 1]} if name else {}) | more


@dataclass(frozen=True, slots=True)
class _Promised:
    """What the rules of one operation promise, each member by its path."""

    members: frozenset[str]
    ordered: frozenset[str]
    even_empty: frozenset[str]

    @classmethod
    def from_operation(cls, operation: str) -> Self:
        rules = [rule for rule in RULES if rule.operation == operation]
        return cls(
            frozenset(path for rule in rules for path in rule.promises),
            frozenset(path for rule in rules for path in rule.ordered),
            frozenset(path for rule in rules for path in rule.even_empty),
        )

    def has(self, where: str) -> bool:
        return any(path == where or path.startswith((f"{where}.", f"{where}[]")) for path in self.members)


def keep_promised(service: str, operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without the members that neither the model requires nor a rule promises, its lists in no order.

    An operation that no rule is about is left as it is: no code of ours calls it.
    """
    shape = load_operation_model(service, operation).output_shape
    promised = _find_promise(f"{service}:{operation}")
    found: dict[str, Any] = _keep_promised(answer, shape, "", promised) if shape and promised else dict(answer)
    return found


@cache
def _find_promise(operation: str) -> _Promised | None:
    return _Promised.from_operation(operation) if any(rule.operation == operation for rule in RULES) else None


def _keep_promised(value: Any, shape: Shape, path: str, promised: _Promised) -> Any:
    match shape:
        case StructureShape() if isinstance(value, Mapping):
            kept = {}
            for name, member in value.items():
                where = f"{path}.{name}" if path else name
                if name in shape.required_members or promised.has(where):
                    kept[name] = _keep_promised(member, shape.members[name], where, promised)
            empty: tuple[Any, ...] = ([], {}, None)
            return {name: one for name, one in kept.items() if one not in empty or name in promised.even_empty}
        case ListShape() if isinstance(value, list):
            rows = [_keep_promised(one, shape.member, f"{path}[]", promised) for one in value]
            return rows if path in promised.ordered else sorted(rows, key=_no_order)
        case _:
            return value


def _no_order(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
