"""Finding mails for an operator: by book, event, MessageId or address. An address is hashed before it is looked up."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from function.ledger.attributes import deserialize_item, serialize_item
from operations.installation import Installation, projection
from operations.suppressions import Suppression, find_suppression
from webapp import text
from webapp.books import cursor
from webapp.outbox.outbox import Outbox
from webapp.timeline.ledger import MESSAGE_ATTRIBUTES, LedgerReader
from webapp.timeline.timeline import EventTimeline, notification, of_record

__all__ = ["FoundMail", "MailSearch", "SearchResult"]

_ULID: Final = re.compile(cursor.ULID_PATTERN)
#: The ledger has no index by address, so it is scanned for at most so long.
_SCAN_SECONDS: Final = 4.0
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class FoundMail:
    """A mail, its MessageId where there is one, and what the event in the outbox is about if that was given up."""

    message_id: str
    story: EventTimeline
    given_up: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What was found; `complete` is False if the search ended before the ledger did."""

    mails: tuple[FoundMail, ...] = ()
    listed: Suppression | None = None
    key: str | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True)
class MailSearch:
    """Searches outbox and ledger; `source` is the source of this app's events."""

    outbox: Outbox
    ledger: LedgerReader
    installation: Installation
    source: str

    def find(self, wanted: str) -> SearchResult:
        """Whatever `wanted` names: an address, else a book, an event or a message."""
        if text.is_address(wanted):
            return self._of_address(wanted)
        if _ULID.fullmatch(wanted) and (about := tuple(self._of_book(wanted))):
            return SearchResult(about)
        record = self.ledger.message_of(self.source, wanted, wanted)
        return SearchResult((FoundMail(_id(record), of_record(_id(record), record)),) if record else ())

    def _of_book(self, book_id: str) -> Iterator[FoundMail]:
        for event in self.outbox.of_subject(f"books/{book_id}"):
            record = self.ledger.message_of(self.source, event.id, event.message_id)
            message_id = _id(record) if record else event.message_id or ""
            given_up = event.subject if event.state == "rejected" and event.body else ""
            yield FoundMail(message_id, notification(event, record), given_up)

    def _of_address(self, address: str) -> SearchResult:
        keys, until = self.installation.address_keys(address), time.monotonic() + _SCAN_SECONDS
        values = serialize_item({f":key{number}": key for number, key in enumerate(keys)})
        mails: list[FoundMail] = []
        complete = True
        pages = self.installation.dynamodb.get_paginator("scan").paginate(
            TableName=self.installation.ledger,
            FilterExpression=f"address IN ({', '.join(values)})",
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            **projection(MESSAGE_ATTRIBUTES),
        )
        for page in pages:
            records = map(deserialize_item, page["Items"])
            mails.extend(FoundMail(_id(record), of_record(_id(record), record)) for record in records)
            if len(mails) > _MOST or time.monotonic() > until:
                complete = "LastEvaluatedKey" not in page and len(mails) <= _MOST
                break
        mails.sort(key=lambda mail: -max((row.at for row in mail.story.rows), default=0))
        return SearchResult(tuple(mails[:_MOST]), find_suppression(self.installation, address), keys[0], complete)


def _id(record: Mapping[str, Any]) -> str:
    return str(record["pk"]).removeprefix("message#")
