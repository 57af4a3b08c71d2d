"""Erases personal data about one address: events in the ledger, the address's hash in records, dead letters, and events
in the outbox."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from function.ledger.attributes import deserialize, serialize_item, write_if_allowed
from function.ledger.keys import EVENT_PREFIX, message_key
from function.ledger.record import EventItem
from operations.installation import Installation
from operations.outbox import OutboxRow, erase_body, find_mentions
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.queue import DeadQueueReader, peek

__all__ = [
    "UNTOUCHED",
    "ErasureResult",
    "PersonalData",
    "StoredEvent",
    "delete_letters",
    "erase",
    "erase_event",
    "find_personal_data",
]

#: What an erasure leaves, for the operator.
UNTOUCHED = (
    "the account at the identity provider, its books, what operators did (kept for two years), backups of the tables "
    "(kept for 35 days), and mails on their way: what waits in retry is sent, or comes to dead within a day, so run it "
    "again then"
)


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event in the ledger: the key of its item, and the message that owns it."""

    key: str
    message_id: str


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What was found about an address: events in the ledger, letters in `dead`, outbox rows, and the messages whose
    records contain its hash although their event is not kept, or was corrected since."""

    events: tuple[StoredEvent, ...]
    letters: tuple[DeadLetter, ...]
    outbox: tuple[OutboxRow, ...] = ()
    records: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.events or self.letters or self.outbox or self.records)


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """How many events in the ledger, dead letters, events in the outbox, and hashes in other records were erased."""

    records: int
    letters: int
    outbox: int
    hashes: int = 0


def find_personal_data(installation: Installation, address: str) -> PersonalData:
    """Search the whole ledger, the whole queue `dead` and the whole outbox; changes nothing."""
    mentions = _make_mention_matcher(address)
    events = tuple(_find_events(installation, mentions))
    messages = frozenset(event.message_id for event in events)
    letters = tuple(
        letter for letter in peek(installation.sqs, installation.dead) if _is_letter_about(letter, messages, mentions)
    )
    records = tuple(name for name in _find_records(installation, address) if name not in messages)
    return PersonalData(events, letters, tuple(find_mentions(installation, mentions)), records)


def erase(installation: Installation, address: str, found: PersonalData) -> ErasureResult:
    """Erase what was found; return how much was erased. A second run finds what an interrupted first one left."""
    messages = frozenset(event.message_id for event in found.events)
    letters = delete_letters(installation, messages, _make_mention_matcher(address))
    records = sum(erase_event(installation, event) for event in found.events)
    outbox = sum(erase_body(installation, row) for row in found.outbox)
    return ErasureResult(records, letters, outbox, sum(_erase_hash(installation, name) for name in found.records))


def _find_events(installation: Installation, mentions: Callable[[str], bool]) -> Iterator[StoredEvent]:
    pages = installation.scan("begins_with(pk, :event) AND attribute_exists(body)", {":event": EVENT_PREFIX})
    for item in chain.from_iterable(pages):
        event = EventItem.from_item(item)
        if mentions(event.text or ""):
            yield StoredEvent(deserialize(item["pk"]), event.message_id)


def _find_records(installation: Installation, address: str) -> Iterator[str]:
    """Yield the messages whose records contain the address's hash, under any of its keys."""
    keys = {f":key{number}": key for number, key in enumerate(installation.address_keys(address))}
    # In a record of a tenant with its own list, the hash is followed by the tenant's name.
    named = " OR ".join(f"begins_with(address, {key})" for key in keys)
    values = {":message": message_key("")} | keys
    pages = installation.scan(f"begins_with(pk, :message) AND ({named})", values, ("pk",))
    return (deserialize(item["pk"]).removeprefix(message_key("")) for item in chain.from_iterable(pages))


def _is_letter_about(letter: DeadLetter, messages: Collection[str], mentions: Callable[[str], bool]) -> bool:
    return letter.message_id in messages or any(map(mentions, (letter.body, *letter.list_events())))


def _make_mention_matcher(address: str) -> Callable[[str], bool]:
    """Return a function that tells whether a text contains the address, in any letter case and JSON escaping, but not
    as part of another address."""
    whole = re.compile(rf"(?<![\w.+-]){re.escape(address.strip())}(?![\w-]|\.\w)", re.IGNORECASE)

    def mentions(text: str) -> bool:
        try:
            plain = json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError):
            plain = ""
        return bool(whole.search(text) or whole.search(plain))

    return mentions


def erase_event(installation: Installation, event: StoredEvent) -> bool:
    """Remove the address's hash from the record, then the body from the event item; both expire as before.

    The content hash stays, so that a repeated publication is recognised and causes no mail.
    """
    _erase_hash(installation, event.message_id)
    return _remove(installation, event.key, "body", "attribute_exists(body) AND message_id = :value", event.message_id)


def _erase_hash(installation: Installation, message_id: str) -> bool:
    message = message_key(message_id)
    return _remove(installation, message, "address", "pk = :value", message)


def _remove(installation: Installation, key: str, attribute: str, condition: str, value: str) -> bool:
    return write_if_allowed(
        lambda: installation.dynamodb.update_item(
            TableName=installation.ledger,
            Key=serialize_item({"pk": key}),
            UpdateExpression=f"REMOVE {attribute}",
            ConditionExpression=condition,
            ExpressionAttributeValues=serialize_item({":value": value}),
        )
    )


def delete_letters(
    installation: Installation, messages: Collection[str], mentions: Callable[[str], bool] = lambda _: False
) -> int:
    """Delete the dead letters of these messages, and those whose text matches `mentions`; return how many."""
    deleted = 0
    with DeadQueueReader(installation.sqs, installation.dead) as reader:
        for letter in chain.from_iterable(reader):
            if _is_letter_about(letter, messages, mentions):
                reader.delete(letter)
                deleted += 1
    return deleted
