"""Digests in the model: every message is an event of its own, windows are five minutes long, and what is promised."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from typing import Any

from fakes.dynamodb.table import State as Snapshot
from function.delivery.digests import Digests
from function.event.cloudevent import Event
from function.event.compression import compress, decompress
from function.ledger.digest_windows import Digest
from function.ledger.keys import DIGEST_SOURCE, event_key, is_window
from function.ledger.record import Record
from function.ledger.states import ACCEPTED, IN_DOUBT, State
from tests.model.model_state import DIGEST, FIVE_MINUTES, Mail

__all__ = ["ModelDigests", "event_name", "find_broken", "find_lost", "find_wrong_mail", "lines_of", "read_digest"]


def event_name(content: str) -> str:
    """The id of the event that says this: `A` is other content of `a`."""
    return content.lower()


class ModelDigests(Digests):
    """Herald's own, with windows of five minutes and events that are a letter each."""

    def find_ends(self, type_: str, timezone: tzinfo) -> Iterator[int]:
        now = self.windows.ledger.clock()
        return ((now // FIVE_MINUTES + number) * FIVE_MINUTES for number in itertools.count(1))

    def _compose(self, record: Record, bodies: list[str]) -> Digest | None:
        if not bodies:
            return None
        body = f"{DIGEST}{''.join(sorted(bodies))}@{record.scheduled_for}"
        return Digest(read_digest(record.message_id, body).content_hash, compress(body))


def read_digest(name: str, body: str) -> Event:
    """The event of a closed digest."""
    return Event(DIGEST_SOURCE, name, "book.created", "", {"recipient": {"email": "ada@example.com"}, "content": body})


def lines_of(body: str) -> tuple[str, int]:
    """What a digest tells, and the end of its window."""
    letters, _, end = body.removeprefix(DIGEST).partition("@")
    return letters, int(end)


def find_broken(table: Snapshot, records: Iterable[Record]) -> str | None:
    """What may not be between the digests and their events, at any moment."""
    known = {record.message_id: record for record in records}
    owners = {key: str(item["message_id"][1]) for key, item in table.items() if key.startswith("event#")}
    kept = {key: known[name] for key, name in owners.items() if name in known}
    for record in known.values():
        if record.state is State.COLLECTED:
            window = known.get(record.window or "")
            key = (record.event_key or "").removeprefix("event#")
            if window is None or key not in window.items:
                return "an event is collected, and its digest does not have it"
        if is_window(record.message_id):
            for key in record.items:
                owner = kept.get(f"event#{key}")
                if owner is None or owner.state is not State.COLLECTED or owner.window != record.message_id:
                    return "a digest has an event that is not collected for it"
    return None


def find_wrong_mail(table: Snapshot, mail: Mail, before: Iterable[Mail], now: int, ahead: int) -> str | None:
    """What is wrong with a digest that leaves now."""
    item = table.get(event_key(DIGEST_SOURCE, mail.message))
    if item is None or item["message_id"][1] != mail.message:
        return "a digest left that has no event of its own"
    letters, end = lines_of(decompress(_bytes(item["body"])))
    if mail.content != letters:
        return "a digest left with other lines than it was closed with"
    if not letters:
        return "a digest left that is empty"
    if now < end - ahead:
        return "a digest left before its window was over"
    elsewhere = {letter.lower() for other in before if other.message != mail.message for letter in other.content}
    if elsewhere & set(letters.lower()) or len(set(letters.lower())) < len(letters):
        return "an event is in two digests"
    return None


def find_lost(
    table: Snapshot, records: dict[str, Record], published: Iterable[str], mails: Iterable[Mail]
) -> str | None:
    """What became of no event that was published, at the end."""
    told = {letter.lower() for mail in mails for letter in mail.content}
    for letter in sorted(set(map(event_name, published)) - {"-"}):
        item = table.get(event_key("urn:model", letter))
        record = records.get(str(item["message_id"][1])) if item else None
        if record is None:
            return "an event was published, and nothing is known of it"
        if record.state is State.COLLECTED:
            window = records[record.window or ""]
            if window.state in ACCEPTED and letter not in told:
                return "an event was collected, and its digest went without it"
            if window.state is State.CANCELLED:
                return "an event was collected, and its digest is none"
            if window.state is State.RELEASED or (window.state in IN_DOUBT and not window.parked):
                return "an event was collected, and nobody sends its digest"
    return None


def _bytes(value: Any) -> bytes:
    raw: bytes = value[1]
    return raw
