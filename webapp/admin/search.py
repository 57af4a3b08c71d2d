"""Finding mails for an operator: by book, event, MessageId or address. An address is hashed before it is looked up."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from operations.suppressions import Suppression, find_suppression
from webapp import text
from webapp.aws.items import from_item
from webapp.books import cursor
from webapp.composition import Parts
from webapp.timeline.timeline import Notification, notification, of_record

_ULID: Final = re.compile(cursor.ULID_PATTERN)
#: A record knows only a hash of its address and no index leads there, so the ledger is read through: so long at most.
_PATIENCE_SECONDS: Final = 4.0
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; `complete` is False where the search ended before the ledger did."""

    mails: tuple[tuple[str, Notification], ...] = ()
    listed: Suppression | None = None
    key: str | None = None
    complete: bool = True


def search(parts: Parts, wanted: str) -> Found:
    """Whatever `wanted` names: an address, else a book, an event, a message."""
    if text.is_address(wanted):
        return _of_address(parts, wanted)
    if _ULID.fullmatch(wanted) and (about := tuple(_of_book(parts, wanted))):
        return Found(about)
    source = parts.settings.event_source
    record = parts.ledger.message_of(source, wanted, wanted)
    return Found(((_id(record), of_record(_id(record), record)),) if record else ())


def _of_book(parts: Parts, book_id: str) -> Iterator[tuple[str, Notification]]:
    for event in parts.outbox.of_subject(f"books/{book_id}"):
        record = parts.ledger.message_of(parts.settings.event_source, event.id, event.message_id)
        yield _id(record) if record else event.message_id or "", notification(event, record)


def _of_address(parts: Parts, address: str) -> Found:
    place = parts.admin.installation
    key, until = place.key(address), time.monotonic() + _PATIENCE_SECONDS
    mails: list[tuple[str, Notification]] = []
    complete = True
    pages = place.dynamodb.get_paginator("scan").paginate(
        TableName=place.ledger,
        FilterExpression="address = :address",
        ExpressionAttributeValues={":address": {"S": key}},
    )
    for page in pages:
        records = map(from_item, page["Items"])
        mails.extend((_id(record), of_record(_id(record), record)) for record in records)
        if len(mails) > _MOST or time.monotonic() > until:
            complete = "LastEvaluatedKey" not in page and len(mails) <= _MOST
            break
    mails.sort(key=lambda mail: -max((row.at for row in mail[1].rows), default=0))
    return Found(tuple(mails[:_MOST]), find_suppression(place, address), key, complete)


def _id(record: Mapping[str, Any]) -> str:
    return str(record["pk"]).removeprefix("message#")
