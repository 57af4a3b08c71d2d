"""Erasing what is kept about one address: events that wait for a person, in records and in dead letters.

What a mail that went leaves behind, its record, knows a keyed hash only and expires by itself.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from function.event.envelope import Delivery, from_queue
from function.ledger import Record
from function.queues.compression import unpacked
from operations.installation import Installation
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.queue import give_back, look, received

__all__ = ["Kept", "erase", "kept"]

#: Seconds after which a record without its event goes: longer than anything can still ask for it.
_LAST = 40 * 86_400


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept about an address: MessageIds of records that keep an event, and letters in `dead`."""

    records: tuple[str, ...]
    letters: tuple[DeadLetter, ...]


def kept(installation: Installation, address: str) -> Kept:
    """Look through the whole ledger and the whole of `dead`; nothing is changed."""
    names = _naming(address)
    records = tuple(
        record.message_id for record in _records(installation) if _is_about(record, installation.key(address), names)
    )
    letters = tuple(
        letter for letter in look(installation.sqs, installation.dead) if _letter_about(letter, records, names)
    )
    return Kept(records, letters)


def erase(installation: Installation, address: str, found: Kept) -> tuple[int, int]:
    """Erase what was found; how many events and letters went."""
    events = sum(_erase_event(installation, message_id) for message_id in found.records)
    return events, _delete_letters(installation, address, found.records)


def _records(installation: Installation) -> Iterator[Record]:
    pages = installation.dynamodb.get_paginator("scan").paginate(
        TableName=installation.ledger,
        FilterExpression="begins_with(pk, :message) AND attribute_exists(event)",
        ExpressionAttributeValues={":message": {"S": "message#"}},
        ConsistentRead=True,
    )
    for page in pages:
        yield from map(Record.from_item, page["Items"])


def _is_about(record: Record, key: str, names: Callable[[str], bool]) -> bool:
    event = unpacked(record.event) if isinstance(record.event, bytes) else record.event or ""
    return record.address == key or names(event)


def _letter_about(letter: DeadLetter, records: tuple[str, ...], names: Callable[[str], bool]) -> bool:
    return letter.message_id in records or any(map(names, _texts(letter)))


def _texts(letter: DeadLetter) -> Iterator[str]:
    """What the letter says: its body, and the event in it however it is packed."""
    yield letter.body
    record: Any = {"messageId": letter.id, "receiptHandle": "", "attributes": {}, "body": letter.body}
    for found in from_queue(record):
        yield found.body if isinstance(found, Delivery) else found.raw


def _naming(address: str) -> Callable[[str], bool]:
    """Whether a text names the address, in any letter case and however JSON escapes it; not as a part of another."""
    whole = re.compile(rf"(?<![\w.+-]){re.escape(address.strip())}(?![\w-]|\.\w)", re.IGNORECASE)

    def names(text: str) -> bool:
        try:
            plain = json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError):
            plain = ""
        return bool(whole.search(text) or whole.search(plain))

    return names


def _erase_event(installation: Installation, message_id: str) -> bool:
    """Take the event out of a record that keeps one, and let the rest expire."""
    try:
        installation.dynamodb.update_item(
            TableName=installation.ledger,
            Key={"pk": {"S": f"message#{message_id}"}},
            UpdateExpression="SET expires_at = :expires_at REMOVE event, address",
            ConditionExpression="attribute_exists(event)",
            ExpressionAttributeValues={":expires_at": {"N": str(int(time.time()) + _LAST)}},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _delete_letters(installation: Installation, address: str, records: tuple[str, ...]) -> int:
    names = _naming(address)
    others: list[DeadLetter] = []
    deleted = 0
    try:
        for some in received(installation.sqs, installation.dead):
            for letter in some:
                if _letter_about(letter, records, names):
                    installation.sqs.delete_message(QueueUrl=installation.dead, ReceiptHandle=letter.handle)
                    deleted += 1
                else:
                    others.append(letter)
    finally:
        give_back(installation.sqs, installation.dead, others)
    return deleted
