"""The outbox: committed events, and what became of each.

An event is `committed` until SNS accepts it, then `published`, and settled once it is at rest in the ledger; or
`rejected` permanently, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from function.ledger.attributes import Item, deserialize, deserialize_item, serialize_item, write_if_allowed
from operations.outbox import SHARDS, UNPUBLISHED, find_queue_key, format_outbox_key, format_queue_key
from webapp.aws.table import EXPIRES_AT, PENDING_INDEX, QUEUE, SINCE
from webapp.outbox.event import CommittedEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["KEPT_SECONDS", "Outbox", "OutboxEvent", "build_outbox_item"]

#: Seconds for which a settled or rejected row is kept: half a year, three times as long as the ledger keeps a record.
KEPT_SECONDS = 180 * 24 * 3600
#: The queue of events that SNS has accepted and that are not at rest in the ledger yet.
_UNSETTLED = "unsettled"


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One outbox row. Times are epoch milliseconds; `body` is the CloudEvent as it is published."""

    id: str
    type: str
    subject: str
    owner: str
    body: str
    state: str
    committed_at: int
    published_at: int | None = None
    message_id: str | None = None
    republished_at: int | None = None
    rejected_at: int | None = None
    settled_at: int | None = None
    reason: str | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> OutboxEvent:
        """Read a row, or its image in a stream record. A damaged row is read too, without a body."""
        values = deserialize_item(item)
        return cls(
            id=values["sk"],
            type=values.get("type", ""),
            subject=values["pk"].removeprefix(format_outbox_key("")),
            owner=values.get("owner", ""),
            body=values.get("body", ""),
            state=values.get("state", "committed"),
            committed_at=values.get("committed_at", 0),
            published_at=values.get("published_at"),
            message_id=values.get("message_id"),
            republished_at=values.get("republished_at"),
            rejected_at=values.get("rejected_at"),
            settled_at=values.get("settled_at"),
            reason=values.get("reason"),
        )


def build_outbox_item(event: CommittedEvent, at: int) -> Item:
    """Build the row of a new event, to be written in the same transaction as the change that it reports."""
    return _build_key(event) | serialize_item(
        {
            "kind": "outbox",
            "type": event.type,
            "owner": event.owner,
            "body": event.body,
            "state": "committed",
            "committed_at": at,
            QUEUE: find_queue_key(UNPUBLISHED, event.subject),
            SINCE: at,
        }
    )


class Outbox:
    """The outbox rows of the `books` table."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def add(self, event: CommittedEvent, at: int) -> bool:
        """Commit an event that needs no other write; False if it already exists."""
        return write_if_allowed(
            lambda: self._dynamodb.put_item(
                TableName=self._table, Item=build_outbox_item(event, at), ConditionExpression="attribute_not_exists(pk)"
            )
        )

    def list_by_subject(self, subject: str) -> list[OutboxEvent]:
        """Return every event about `subject`, oldest first."""
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="pk = :subject",
            ExpressionAttributeValues=serialize_item({":subject": format_outbox_key(subject)}),
            ConsistentRead=True,
        )
        return [OutboxEvent.from_item(item) for page in pages for item in page["Items"]]

    def find_overdue(self, before: int) -> Iterator[OutboxEvent]:
        """Yield the events that were committed before `before` and are still unpublished, oldest first in each
        shard."""
        return self._find_waiting(UNPUBLISHED, "committed", before)

    def find_unsettled(self, before: int) -> Iterator[OutboxEvent]:
        """Yield the events that were published or postponed before `before` and may not be at rest, oldest first in
        each shard."""
        return self._find_waiting(_UNSETTLED, "published", before)

    def find_oldest_unpublished(self) -> int | None:
        """Return when the oldest event was committed that SNS has not accepted; None if there is none."""
        firsts = [self._read_first(format_queue_key(UNPUBLISHED, shard)) for shard in range(SHARDS)]
        return min((first for first in firsts if first is not None), default=None)

    def mark_published(self, event: OutboxEvent, message_id: str, at: int) -> bool:
        """Record that SNS accepted the event; False if it was no longer waiting, which is just as good.

        An event that was erased while SNS accepted it is marked as published too.
        """
        return self._move(
            event,
            f"SET #state = :state, published_at = :at, message_id = :message, {QUEUE} = :queue, {SINCE} = :at "
            "REMOVE rejected_at, reason",
            {
                ":state": "published",
                ":at": at,
                ":message": message_id,
                ":queue": find_queue_key(_UNSETTLED, event.subject),
                ":rejected": "rejected",
            },
            condition="#state = :before OR (#state = :rejected AND attribute_not_exists(body))",
        )

    def mark_republished(self, event: OutboxEvent, message_id: str, at: int) -> bool:
        """Record that SNS accepted the event once more, because it was not at rest in the ledger."""
        return self._move(
            event,
            f"SET republished_at = :at, message_id = :message, {SINCE} = :at",
            {":at": at, ":message": message_id},
            state="published",
        )

    def postpone(self, event: OutboxEvent, since: int) -> bool:
        """Hide the event from `find_unsettled` until that is called with a time after `since`."""
        return self._move(event, f"SET {SINCE} = :since", {":since": since}, state="published")

    def mark_settled(self, event: OutboxEvent, at: int) -> bool:
        """Record that the event is at rest in the ledger: nothing is left to do, and the row will expire."""
        return self._move(
            event,
            f"SET settled_at = :at, {EXPIRES_AT} = :expires REMOVE {QUEUE}, {SINCE}",
            {":at": at, ":expires": at // 1000 + KEPT_SECONDS},
            state="published",
        )

    def mark_rejected(self, event: OutboxEvent, reason: str, at: int) -> bool:
        """Reject the event permanently, even if SNS accepted it before and now refuses it; the reason is shown to its
        owner."""
        return self._move(
            event,
            f"SET #state = :state, rejected_at = :at, reason = :reason, {EXPIRES_AT} = :expires "
            f"REMOVE {QUEUE}, {SINCE}",
            {":state": "rejected", ":at": at, ":reason": reason, ":expires": at // 1000 + KEPT_SECONDS},
            state=event.state,
        )

    def _move(
        self,
        event: OutboxEvent,
        update: str,
        values: Mapping[str, object],
        *,
        state: str = "committed",
        condition: str = "#state = :before",
    ) -> bool:
        return write_if_allowed(
            lambda: self._dynamodb.update_item(
                TableName=self._table,
                Key=_build_key(event),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=serialize_item({":before": state, **values}),
            )
        )

    def _read_first(self, queue: str) -> int | None:
        answer = self._dynamodb.query(
            TableName=self._table,
            IndexName=PENDING_INDEX,
            KeyConditionExpression="#queue = :queue",
            ExpressionAttributeNames={"#queue": QUEUE},
            ExpressionAttributeValues=serialize_item({":queue": queue}),
            Limit=1,
        )
        return next((deserialize(item[SINCE]) for item in answer["Items"]), None)

    def _find_waiting(self, queue: str, state: str, before: int) -> Iterator[OutboxEvent]:
        for shard in range(SHARDS):
            for key in self._query_queue(format_queue_key(queue, shard), before):
                answer = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
                if "Item" in answer and deserialize(answer["Item"]["state"]) == state:
                    yield OutboxEvent.from_item(answer["Item"])

    def _query_queue(self, queue: str, before: int) -> Iterator[Item]:
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=PENDING_INDEX,
            KeyConditionExpression="#queue = :queue AND #since < :before",
            ExpressionAttributeNames={"#queue": QUEUE, "#since": SINCE},
            ExpressionAttributeValues=serialize_item({":queue": queue, ":before": before}),
        )
        for page in pages:
            for item in page["Items"]:
                yield {"pk": dict(item["pk"]), "sk": dict(item["sk"])}


def _build_key(event: CommittedEvent | OutboxEvent) -> Item:
    return serialize_item({"pk": format_outbox_key(event.subject), "sk": event.id})
