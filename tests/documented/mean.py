"""Answers as mean as AWS may give them: nothing that is not promised, lists in no order, one element a page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from botocore.model import ListShape, Shape, StructureShape

from laptop.service_model import operation_model
from tests.documented.rules import RULES

__all__ = ["Mean", "lean"]


class Player(Protocol):
    """What plays the calls of a service."""

    def play(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]: ...


class Mean:
    """A simulated service that keeps to the letter of what is documented."""

    def __init__(self, player: Player, service: str) -> None:
        self._player = player
        self._service = service

    def play(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call, or one page of it."""
        start = int(request.get("nextToken") or 0)
        whole = self._player.play(operation, {name: value for name, value in request.items() if name != "nextToken"})
        answer = lean(self._service, operation, whole)
        shape = operation_model(self._service, operation).output_shape
        if not isinstance(shape, StructureShape) or "nextToken" not in shape.members:
            return answer
        name, rows = next(((name, value) for name, value in answer.items() if isinstance(value, list)), ("", []))
        more = {"nextToken": str(start + 1)} if start + 1 < len(rows) else {}
        return answer | ({name: rows[start : start + 1]} if name else {}) | more


def lean(service: str, operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without the members that neither the model requires nor a rule promises, its lists in no order."""
    promised = {promise for rule in RULES if rule.operation == f"{service}:{operation}" for promise in rule.promises}
    shape = operation_model(service, operation).output_shape
    found: dict[str, Any] = _lean(answer, shape, "", promised) if shape else {}
    return found


def _lean(value: Any, shape: Shape, path: str, promised: Iterable[str]) -> Any:
    match shape:
        case StructureShape() if isinstance(value, Mapping):
            kept = {}
            for name, member in value.items():
                where = f"{path}.{name}" if path else name
                if name in shape.required_members or _is_promised(where, promised):
                    kept[name] = _lean(member, shape.members[name], where, promised)
            return {name: member for name, member in kept.items() if member not in ([], {}, None)}
        case ListShape() if isinstance(value, list):
            return sorted((_lean(one, shape.member, f"{path}[]", promised) for one in value), key=_no_order)
        case _:
            return value


def _is_promised(where: str, promised: Iterable[str]) -> bool:
    return any(promise == where or promise.startswith((f"{where}.", f"{where}[]")) for promise in promised)


def _no_order(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
