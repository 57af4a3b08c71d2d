"""As much of DynamoDB as distinguishes a first delivery from a second: which keys are there, and who owns them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["Answer", "FakeTable", "refusal"]

Answer = tuple[int, bytes]
#: A moment in another century, in seconds and in milliseconds.
_OTHERS = {"N": "4102444800000"}


class FakeTable:
    """All tables in one. `keys` holds each key and the message that it belongs to."""

    def __init__(self) -> None:
        self.keys: dict[str, str] = {}

    def answer(self, name: str, body: bytes) -> Answer:
        """The answer to one operation."""
        request: dict[str, Any] = json.loads(body)
        match name:
            case "TransactWriteItems":
                return self._transact(request["TransactItems"])
            case "PutItem":
                return self._put(request)
            case "GetItem":
                key = _key(request["Key"])
                return 200, json.dumps({"Item": _item(key)} if key in self.keys else {}).encode()
            case "DeleteItem":
                self.keys.pop(_key(request["Key"]), None)
                return 200, b"{}"
            case "UpdateItem":
                return 200, json.dumps({"Attributes": _item(_key(request["Key"]))}).encode()
        return refusal("UnknownOperationException")

    def _transact(self, items: list[dict[str, Any]]) -> Answer:
        reasons = [self._against(*next(iter(item.items()))) for item in items]
        if any(reasons):
            told = [
                {"Code": "ConditionalCheckFailed", "Item": _item(key)} if key else {"Code": "None"} for key in reasons
            ]
            return refusal("TransactionCanceledException", CancellationReasons=told)
        for item in items:
            kind, request = next(iter(item.items()))
            if kind != "ConditionCheck":
                self.keys[_key(request.get("Key") or request["Item"])] = _message(request)
        return 200, b"{}"

    def _against(self, kind: str, request: Mapping[str, Any]) -> str | None:
        """The key that stands against one write of a transaction."""
        key = _key(request.get("Key") or request["Item"])
        there = key in self.keys
        match kind:
            case "ConditionCheck":
                wanted = request["ConditionExpression"].startswith("attribute_exists")
                return key if there != wanted else None
            case "Put":
                return key if there and self.keys[key] != _message(request) else None
        claims = request["UpdateExpression"].startswith("SET #state = :sending")
        return key if there and claims else None

    def _put(self, request: Mapping[str, Any]) -> Answer:
        key = _key(request["Item"])
        if key in self.keys and "ConditionExpression" in request:
            return refusal("ConditionalCheckFailedException", Item=_item(key))
        self.keys[key] = ""
        return 200, b"{}"


def refusal(code: str, **more: object) -> Answer:
    """An error as the JSON protocols send it."""
    return 400, json.dumps({"__type": f"com.amazonaws#{code}", "code": code, "message": code, **more}).encode()


def _key(item: Mapping[str, Any]) -> str:
    found: str = (item.get("pk") or item["id"])["S"]
    return found


def _message(request: Mapping[str, Any]) -> str:
    item: Mapping[str, Any] = request.get("Item", {})
    return str(item.get("message_id", {}).get("S", ""))


def _item(key: str) -> dict[str, Any]:
    """An item that says to each handler that its mail has gone, or that its address is on the list."""
    ours = {
        "pk": {"S": key},
        "since": {"N": "1"},
        "state": {"S": "sent"},
        "owner": {"S": "another"},
        "held_until": _OTHERS,
    }
    theirs = {"id": {"S": key}, "status": {"S": "COMPLETED"}, "expiration": _OTHERS, "data": {"S": "{}"}}
    return ours | theirs
