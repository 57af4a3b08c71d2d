"""Reads what the ledger knows about an event, with `GetItem` only: the event, its message, and earlier messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from function.ledger.attributes import deserialize_item, serialize_item
from function.ledger.keys import event_key, message_key
from operations.installation import build_projection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["MESSAGE_ATTRIBUTES", "LedgerReader", "read_message_id"]


#: The attributes that are read from a message item, as function/contracts/timeline.schema.json describes them.
MESSAGE_ATTRIBUTES = (
    *("pk", "type", "state", "timeline", "reason", "reason_code", "parked", "held_until", "expires_at"),
    *("source", "id", "subject", "successor", "instead_of", "sent_by", "tenant", "trace"),
)


#: Most earlier messages of an event whose steps are shown.
_PREDECESSORS = 5


class LedgerReader:
    """Read-only access to the notifier's table, without event bodies, which contain recipients of all publishers."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def message_of(self, source: str, event_id: str, published_as: str | None) -> Mapping[str, Any] | None:
        """Return the record of the one mail of this event; its timeline begins with those of earlier messages.

        The event item names the message that owns the event. An event that was rejected before its id could be read has
        no such item; then only the message under which it was published can be found.
        """
        owner = self._get(event_key(source, event_id), ("message_id",))
        message_id = owner.get("message_id") if owner else published_as
        return self._with_predecessors(message_id) if message_id else None

    def _with_predecessors(self, message_id: str) -> Mapping[str, Any] | None:
        """Return a message's record with the timelines of earlier messages: a corrected event, or one sent once more,
        has several."""
        record = self._get(message_key(message_id), MESSAGE_ATTRIBUTES)
        rows: list[Any] = []
        before = record.get("instead_of") if record else None
        for _ in range(_PREDECESSORS):
            earlier = self._get(message_key(before), ("timeline", "instead_of")) if before else None
            if earlier is None:
                break
            rows, before = [*earlier.get("timeline", ()), *rows], earlier.get("instead_of")
        return record and {**record, "timeline": [*rows, *record.get("timeline", ())]}

    def _get(self, key: str, attributes: Collection[str]) -> Mapping[str, Any] | None:
        answer = self._dynamodb.get_item(
            TableName=self._table, Key=serialize_item({"pk": key}), ConsistentRead=True, **build_projection(attributes)
        )
        return deserialize_item(answer["Item"]) if "Item" in answer else None


def read_message_id(record: Mapping[str, Any]) -> str:
    """Return the MessageId in the key of a message's record."""
    return str(record["pk"]).removeprefix(message_key(""))
