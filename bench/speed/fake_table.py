"""The part of DynamoDB that distinguishes a first delivery from a second: which keys exist, and who owns them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["Answer", "FakeTable", "make_error"]

Answer = tuple[int, bytes]
#: An attribute with a time in the far future, whether read as seconds or as milliseconds.
_OTHERS = {"N": "4102444800000"}


class FakeTable:
    """All tables in one. `keys` maps each key to the message that owns it."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    def answer(self, name: str, body: bytes) -> Answer:
        """Return the response to one operation."""
        request: dict[str, Any] = json.loads(body)
        match name:
            case "TransactWriteItems":
                return self._transact(request["TransactItems"])
            case "PutItem":
                return self._put(request)
            case "GetItem":
                key = _read_key(request["Key"])
                return 200, json.dumps({"Item": _make_item(key)} if key in self.keys else {}).encode()
            case "DeleteItem":
                self.keys.pop(_read_key(request["Key"]), None)
                return 200, b"{}"
            case "UpdateItem":
                return 200, json.dumps({"Attributes": _make_item(_read_key(request["Key"]))}).encode()
        return make_error("UnknownOperationException")

    def _transact(self, items: list[dict[str, Any]]) -> Answer:
        reasons = [self._find_conflict(*next(iter(item.items()))) for item in items]
        if any(reasons):
            cancellations = [
                {"Code": "ConditionalCheckFailed", "Item": _make_item(key)} if key else {"Code": "None"}
                for key in reasons
            ]
            return make_error("TransactionCanceledException", CancellationReasons=cancellations)
        for item in items:
            kind, request = next(iter(item.items()))
            if kind != "ConditionCheck":
                self.keys[_read_key(request.get("Key") or request["Item"])] = _read_message(request)
        return 200, b"{}"

    def _find_conflict(self, kind: str, request: Mapping[str, Any]) -> str | None:
        """Return the key whose item fails the condition of a transaction's member, or None."""
        key = _read_key(request.get("Key") or request["Item"])
        there = key in self.keys
        match kind:
            case "ConditionCheck":
                wanted = request["ConditionExpression"].startswith("attribute_exists")
                return key if there != wanted else None
            case "Put":
                return key if there and self.keys[key] != _read_message(request) else None
        claims = request["UpdateExpression"].startswith("SET #state = :sending")
        return key if there and claims else None

    def _put(self, request: Mapping[str, Any]) -> Answer:
        key = _read_key(request["Item"])
        if key in self.keys and "ConditionExpression" in request:
            return make_error("ConditionalCheckFailedException", Item=_make_item(key))
        self.keys[key] = ""
        return 200, b"{}"


def make_error(code: str, **more: object) -> Answer:
    """Return an error as in AWS's JSON protocols."""
    return 400, json.dumps({"__type": f"com.amazonaws#{code}", "code": code, "message": code, **more}).encode()


def _read_key(item: Mapping[str, Any]) -> str:
    found: str = (item.get("pk") or item["id"])["S"]
    return found


def _read_message(request: Mapping[str, Any]) -> str:
    item: Mapping[str, Any] = request.get("Item", {})
    return str(item.get("message_id", {}).get("S", ""))


def _make_item(key: str) -> dict[str, Any]:
    """Return an item that tells every handler that its mail was sent, or that its address is suppressed."""
    ours = {
        "pk": {"S": key},
        "since": {"N": "1"},
        "state": {"S": "sent"},
        "owner": {"S": "another"},
        "held_until": _OTHERS,
    }
    theirs = {"id": {"S": key}, "status": {"S": "COMPLETED"}, "expiration": _OTHERS, "data": {"S": "{}"}}
    return ours | theirs
