"""Erases personal data about one address: events in ledger records, in dead letters and in the outbox.

The record of a mail that was sent holds a keyed hash only and expires by itself.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from function.event.envelope import Delivery, from_queue
from function.ledger.record import EventItem
from operations.installation import Installation
from operations.outbox import OutboxRow, erase_body, find_mentions
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.queue import make_visible, peek, receive_all

__all__ = ["UNTOUCHED", "Erased", "PersonalData", "erase", "find_personal_data"]

#: What an erasure leaves, for whoever has to do the rest.
UNTOUCHED = (
    "the account at the identity provider, its books, what operators did (kept for two years), and backups of the "
    "tables (kept for 35 days)"
)

#: Seconds after which a record without its event expires: longer than anything can still refer to it.
_EXPIRY_SECONDS = 40 * 86_400


@dataclass(frozen=True, slots=True)
class PersonalData:
    """What was found about an address: MessageIds of records that hold an event, letters in `dead`, outbox rows."""

    records: tuple[str, ...]
    letters: tuple[DeadLetter, ...]
    outbox: tuple[OutboxRow, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.records or self.letters or self.outbox)


@dataclass(frozen=True, slots=True)
class Erased:
    """How many events in records, letters, and events in the outbox were erased."""

    records: int
    letters: int
    outbox: int


def find_personal_data(installation: Installation, address: str) -> PersonalData:
    """Read the whole ledger, the whole queue `dead` and the whole outbox; nothing is changed."""
    mentions, keys = _mention_matcher(address), installation.address_keys(address)
    records = tuple(
        event.message_id for event in _events(installation) if _is_about(installation, event, keys, mentions)
    )
    letters = tuple(
        letter for letter in peek(installation.sqs, installation.dead) if _letter_about(letter, records, mentions)
    )
    return PersonalData(records, letters, tuple(find_mentions(installation, mentions)))


def erase(installation: Installation, address: str, found: PersonalData) -> Erased:
    """Erase what was found; returns how much was erased."""
    records = sum(_erase_event(installation, message_id) for message_id in found.records)
    letters = _delete_letters(installation, address, found.records)
    return Erased(records, letters, sum(erase_body(installation, row) for row in found.outbox))


def _events(installation: Installation) -> Iterator[EventItem]:
    pages = installation.dynamodb.get_paginator("scan").paginate(
        TableName=installation.ledger,
        FilterExpression="begins_with(pk, :event) AND attribute_exists(body)",
        ExpressionAttributeValues={":event": {"S": "event#"}},
        ConsistentRead=True,
    )
    for page in pages:
        yield from map(EventItem.from_item, page["Items"])


def _is_about(
    installation: Installation, event: EventItem, keys: Collection[str], mentions: Callable[[str], bool]
) -> bool:
    if mentions(event.text or ""):
        return True
    record = installation.record(event.message_id)
    return record is not None and record.address in keys


def _letter_about(letter: DeadLetter, records: tuple[str, ...], mentions: Callable[[str], bool]) -> bool:
    return letter.message_id in records or any(map(mentions, _texts(letter)))


def _texts(letter: DeadLetter) -> Iterator[str]:
    """The letter's body, and the event in it however it is encoded."""
    yield letter.body
    record: Any = {"messageId": letter.id, "receiptHandle": "", "attributes": {}, "body": letter.body}
    for found in from_queue(record):
        yield found.body if isinstance(found, Delivery) else found.raw


def _mention_matcher(address: str) -> Callable[[str], bool]:
    """Whether a text names the address, in any letter case and however JSON escapes it; not as a part of another."""
    whole = re.compile(rf"(?<![\w.+-]){re.escape(address.strip())}(?![\w-]|\.\w)", re.IGNORECASE)

    def mentions(text: str) -> bool:
        try:
            plain = json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError):
            plain = ""
        return bool(whole.search(text) or whole.search(plain))

    return mentions


def _erase_event(installation: Installation, message_id: str) -> bool:
    """Take the event out of its item, and let the rest expire."""
    record = installation.record(message_id)
    if record is None or record.event_key is None:
        return False
    expiry = {":expires_at": {"N": str(int(time.time()) + _EXPIRY_SECONDS)}}
    try:
        installation.dynamodb.update_item(
            TableName=installation.ledger,
            Key={"pk": {"S": record.event_key}},
            UpdateExpression="SET expires_at = :expires_at REMOVE body",
            ConditionExpression="attribute_exists(body) AND message_id = :owner",
            ExpressionAttributeValues=expiry | {":owner": {"S": message_id}},
        )
        installation.dynamodb.update_item(
            TableName=installation.ledger,
            Key={"pk": {"S": f"message#{message_id}"}},
            UpdateExpression="SET expires_at = :expires_at REMOVE address",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues=expiry,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _delete_letters(installation: Installation, address: str, records: tuple[str, ...]) -> int:
    mentions = _mention_matcher(address)
    others: list[DeadLetter] = []
    deleted = 0
    try:
        for some in receive_all(installation.sqs, installation.dead):
            for letter in some:
                if _letter_about(letter, records, mentions):
                    installation.sqs.delete_message(QueueUrl=installation.dead, ReceiptHandle=letter.handle)
                    deleted += 1
                else:
                    others.append(letter)
    finally:
        make_visible(installation.sqs, installation.dead, others)
    return deleted
