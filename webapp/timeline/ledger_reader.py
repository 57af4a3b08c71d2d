"""What the ledger knows of an event, read by `GetItem` alone: the event, its message, and those before it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from function.ledger.attributes import deserialize_item, serialize_item
from function.ledger.keys import event_key, message_key
from operations.installation import build_projection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["MESSAGE_ATTRIBUTES", "LedgerReader", "read_message_id"]


#: What is read of a message's item, as function/contracts/timeline.schema.json describes it.
MESSAGE_ATTRIBUTES = (
    *("pk", "type", "state", "timeline", "reason", "reason_code", "parked", "held_until", "expires_at"),
    *("source", "id", "subject", "successor", "instead_of", "sent_by", "tenant", "trace"),
)


#: Most earlier messages of an event whose steps are shown.
_PREDECESSORS = 5


class LedgerReader:
    """Read-only view of the notifier's table, without the events: their bodies name recipients of every publisher's."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def message_of(self, source: str, event_id: str, published_as: str | None) -> Mapping[str, Any] | None:
        """The record of the one mail of this event, whose timeline begins with those of the messages before it.

        The event item names the message that owns the event. An event that was rejected before anyone read its id has
        no such item; then the message as which it was published is the only trace.
        """
        owner = self._get(event_key(source, event_id), ("message_id",))
        message_id = owner.get("message_id") if owner else published_as
        return self._with_predecessors(message_id) if message_id else None

    def _with_predecessors(self, message_id: str) -> Mapping[str, Any] | None:
        """A message's record; an event that was corrected, or whose mail went once more, has had other messages."""
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
    """The MessageId by whose key a message's record is kept."""
    return str(record["pk"]).removeprefix(message_key(""))
