"""What operators do with the web app's outbox: publish again what was given up, and erase events.

`webapp/aws/table.py` describes the rows.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from function.ledger.attributes import deserialize_item, serialize_item, write_if_allowed
from operations.errors import UserError
from operations.installation import Installation

__all__ = [
    "SHARDS",
    "UNPUBLISHED",
    "OutboxEntry",
    "OutboxRow",
    "erase_body",
    "find_bodies",
    "find_entries",
    "find_mentions",
    "find_queue_key",
    "find_rejected",
    "format_outbox_key",
    "format_queue_key",
    "publish_again",
]

#: Partition keys of the index, each good for some 500 events a second. All events about one subject share a shard, so
#: that the sweeper sees them in the order in which they were committed.
SHARDS = 4
#: The queue of events that SNS has not accepted yet.
UNPUBLISHED = "unpublished"

#: Seconds after which a row without its event expires: longer than anything can still refer to it.
_EXPIRY_SECONDS = 40 * 86_400


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event in the outbox, identified by its subject and id; `reason` is why it was given up, if it was."""

    subject: str
    event_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """An event in the outbox: its names and type, its row's state (committed, published, rejected), and when it was
    committed (epoch milliseconds). `message_id` is SNS's MessageId; empty until SNS accepts it."""

    event_id: str
    about: str
    type: str
    state: str
    committed_at: int
    reason: str = ""
    message_id: str = ""
    source: str | None = None


def format_outbox_key(subject: str) -> str:
    """Partition key of the rows about `subject`; the sort key is the event's id."""
    return f"outbox#{subject}"


def format_queue_key(queue: str, shard: int) -> str:
    """Partition key of a shard of the index of waiting rows: the value of their attribute `queue`."""
    return f"{queue}#{shard}"


def find_queue_key(queue: str, subject: str) -> str:
    """Partition key of the shard that contains the waiting rows about `subject`."""
    return format_queue_key(queue, zlib.crc32(subject.encode()) % SHARDS)


def find_rejected(installation: Installation) -> list[OutboxRow]:
    """Return the events that were given up before SNS accepted them and can be published; scans the whole table."""
    return [
        OutboxRow(_read_subject(row), row["sk"], row.get("reason", ""))
        for row in _scan(installation)
        if row.get("state") == "rejected"
    ]


def publish_again(installation: Installation, row: OutboxRow, now: int) -> None:
    """Give a rejected event back to the sweeper, under the same id; `now` is in epoch milliseconds.

    Raises `UserError` if it was not given up, or its event was erased.
    """
    done = _update(
        installation,
        row,
        "SET #state = :committed, #queue = :queue, #since = :now REMOVE rejected_at, reason, expires_at",
        "#state = :rejected AND attribute_exists(body)",
        serialize_item(
            {
                ":committed": "committed",
                ":rejected": "rejected",
                ":queue": find_queue_key(UNPUBLISHED, row.subject),
                ":now": now,
            }
        ),
    )
    if not done:
        raise UserError(
            f"the outbox holds no event {row.event_id} that was given up and can be published: nothing was changed"
        )


def find_mentions(installation: Installation, mentions: Callable[[str], bool]) -> Iterator[OutboxRow]:
    """Yield the rows whose event matches `mentions`; scans the whole table."""
    for row in _scan(installation):
        if mentions(row["body"]):
            yield OutboxRow(_read_subject(row), row["sk"])


def find_bodies(installation: Installation) -> Iterator[str]:
    """Yield every event in the outbox, as it is published; scans the whole table."""
    return (row["body"] for row in _scan(installation))


def find_entries(installation: Installation, fits: Callable[[str], bool]) -> Iterator[OutboxEntry]:
    """Yield the rows whose event, as it is published, matches `fits`; scans the whole table."""
    for row in _scan(installation):
        if fits(row["body"]):
            yield OutboxEntry(
                event_id=row["sk"],
                about=_read_subject(row),
                type=row.get("type", ""),
                state=row.get("state", "committed"),
                committed_at=row.get("committed_at", 0),
                reason=row.get("reason", ""),
                message_id=row.get("message_id", ""),
                source=_read_source(row["body"]),
            )


def _read_source(body: str) -> str | None:
    try:
        found = json.loads(body)["source"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def erase_body(installation: Installation, row: OutboxRow) -> bool:
    """Remove the event from an outbox row and let the rest expire; an unpublished event will never be published."""
    expires_at = serialize_item({":expires_at": int(time.time()) + _EXPIRY_SECONDS})
    unpublished = serialize_item(
        {
            ":committed": "committed",
            ":rejected": "rejected",
            ":reason": "The event was erased before it was published.",
            ":at": int(time.time() * 1000),
        }
    )
    return _update(
        installation,
        row,
        "SET #state = :rejected, rejected_at = :at, reason = :reason, expires_at = :expires_at "
        "REMOVE body, #queue, #since",
        "#state = :committed",
        expires_at | unpublished,
    ) or _update(
        installation,
        row,
        "SET expires_at = if_not_exists(expires_at, :expires_at) REMOVE body",
        "attribute_exists(body) AND #state <> :committed",
        expires_at | {":committed": unpublished[":committed"]},
    )


def _read_subject(row: Mapping[str, Any]) -> str:
    return str(row["pk"]).removeprefix(format_outbox_key(""))


def _scan(installation: Installation) -> Iterator[dict[str, Any]]:
    """Yield the rows that contain an event; none in an installation without the web app."""
    if not installation.books:
        return
    pages = installation.dynamodb.get_paginator("scan").paginate(
        TableName=installation.books,
        FilterExpression="kind = :outbox AND attribute_exists(body)",
        ExpressionAttributeValues=serialize_item({":outbox": "outbox"}),
        ConsistentRead=True,
    )
    try:
        for page in pages:
            yield from map(deserialize_item, page["Items"])
    except installation.dynamodb.exceptions.ResourceNotFoundException:
        return


def _update(installation: Installation, row: OutboxRow, update: str, condition: str, values: Mapping[str, Any]) -> bool:
    names = {"#state": "state", "#queue": "queue", "#since": "since"}
    return write_if_allowed(
        lambda: installation.dynamodb.update_item(
            TableName=installation.books,
            Key=serialize_item({"pk": format_outbox_key(row.subject), "sk": row.event_id}),
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames={name: real for name, real in names.items() if name in update + condition},
            ExpressionAttributeValues=values,
        )
    )
