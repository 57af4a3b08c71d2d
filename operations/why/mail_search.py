"""Finds every mail of an event, a message, an address or a subject.

A MessageId, and an id with its source, are read by their keys. For anything else the ledger is scanned. Letters in
`dead` are searched too, and stay there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from function.event.envelope import MESSAGE_ID
from function.ledger.attributes import deserialize, read_value
from function.ledger.keys import event_key, message_key, part_id
from function.ledger.record import EventItem
from operations.installation import Installation
from operations.outbox import OutboxEntry
from operations.redrive.dead_letters import DeadLetter
from operations.why.ledger_scan import STORY_ATTRIBUTES, ScanPart
from operations.why.mail import MailStory, read_mail_story

__all__ = ["MailQuery", "MailSearchResult", "Scan", "find", "is_address", "mentions"]

Item = Mapping[str, Any]
#: Reads the ledger's records that match a condition with its values.
Scan = Callable[[str, Mapping[str, object]], ScanPart]

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
#: SNS's ids are UUIDs; looking up another text that matches costs only one unnecessary read.
#: How many messages before and after one are looked up: a correction, or a mail sent once more, is a message of its
#: own.
_HOPS = 10


@dataclass(frozen=True, slots=True)
class MailQuery:
    """What to search for: an address, as its `keys` in the ledger, or another name. `source` is the source of an event
    id."""

    wanted: str
    keys: tuple[str, ...] = ()
    source: str = ""

    @classmethod
    def build(cls, installation: Installation, wanted: str, source: str = "") -> MailQuery:
        """Build the query; an address is hashed here, before anything else is called."""
        wanted = wanted.strip()
        return cls(wanted, installation.address_keys(wanted) if is_address(wanted) else (), source)

    @property
    def name(self) -> str:
        """A name that may be logged: an address's hash, never the address."""
        return self.keys[0] if self.keys else self.wanted


@dataclass(frozen=True, slots=True)
class MailSearchResult:
    """The mails, oldest first; how many letters were in `dead`, and when the oldest was written (epoch milliseconds).
    `rest` is where to continue the search in the ledger, None at the end."""

    mails: tuple[MailStory, ...]
    letters: int = 0
    oldest: int | None = None
    rest: str | None = None
    #: Whether the whole ledger was scanned.
    scanned: bool = False


def find(
    installation: Installation,
    question: MailQuery,
    letters: Sequence[DeadLetter],
    outbox: Iterable[OutboxEntry],
    scan: Scan,
    now: int,
) -> MailSearchResult:
    """Find all matching mails; `letters` are all letters in `dead`, `outbox` the entries that already match the
    question.

    Expired records count as missing.
    """
    items, rest, scanned = _find_items(installation, question, scan)
    about = [letter for letter in letters if not letter.is_feedback and _is_letter_about(letter, question)]
    entries = list(outbox)
    named = {name for name in [*(one.message_id for one in about), *(one.message_id for one in entries)] if name}
    items |= _read(installation, named - items.keys())
    items |= _follow(installation, items)
    items |= _read_parts(installation, items)
    mails = {message_id: read_mail_story(item) for message_id, item in items.items()}
    mails = {name: mail for name, mail in mails.items() if mail.record and not mail.record.is_expired(now)}
    for letter in letters if mails else about:
        known = mails.get(letter.message_id)
        if known or letter in about:
            mails[letter.message_id] = replace(
                known or MailStory(), letters=(*(known.letters if known else ()), letter)
            )
    return MailSearchResult(
        tuple(sorted(_with_outbox(mails, entries), key=lambda mail: mail.began)),
        len(letters),
        min((letter.since for letter in letters), default=None),
        rest,
        scanned,
    )


def is_address(wanted: str) -> bool:
    """Whether this may be a mail address; a source or id that contains an `@` is taken for one unless it has a slash or
    begins with `urn:`."""
    return bool(_ADDRESS.fullmatch(wanted)) and "/" not in wanted and not wanted.startswith("urn:")


def mentions(text: str, question: MailQuery) -> bool:
    """Whether an event, as it was published, matches the question."""
    if question.keys:
        return bool(re.search(rf"(?<![\w.+-]){re.escape(question.wanted)}(?![\w-]|\.\w)", text, re.IGNORECASE))
    name = re.escape(question.wanted)
    return bool(re.search(rf'"(?:id|subject)"\s*:\s*"(?:[^"]*/)?{name}"', text))


def _find_items(
    installation: Installation, question: MailQuery, scan: Scan
) -> tuple[dict[str, Item], str | None, bool]:
    """Return the records by MessageId, where to continue, and whether the whole ledger was scanned."""
    if question.keys:
        values = {f":key{number}": key for number, key in enumerate(question.keys)}
        # In a record of a tenant with its own suppression list, the hash is followed by the tenant's name.
        return _group_by_id(scan(" OR ".join(f"begins_with(address, {key})" for key in values), values))
    if found := _read_by_key(installation, question):
        return found, None, False
    values = {":name": question.wanted, ":part": f"/{question.wanted}"}
    items, rest, scanned = _group_by_id(scan("id = :name OR subject = :name OR contains(subject, :part)", values))
    return {name: item for name, item in items.items() if _is_about(item, question)}, rest, scanned


def _group_by_id(part: ScanPart) -> tuple[dict[str, Item], str | None, bool]:
    items = {deserialize(item["pk"]).removeprefix(message_key("")): item for item in part.items}
    return items, part.rest, part.rest is None


def _is_about(item: Item, question: MailQuery) -> bool:
    """Whether a record is about the event or the subject; a book's id alone also matches its subject."""
    id_, subject, source = (read_value(item, name, "") for name in ("id", "subject", "source"))
    fits = question.wanted in (id_, subject) or subject.endswith(f"/{question.wanted}")
    return fits and question.source in ("", source)


def _read_by_key(installation: Installation, question: MailQuery) -> dict[str, Item]:
    """Return the record of a MessageId, or of the event that a source and an id identify."""
    if question.source:
        owner = installation.read(event_key(question.source, question.wanted), ("message_id",))
        return _read(installation, [EventItem.from_item(owner).message_id]) if owner else {}
    return _read(installation, [question.wanted]) if MESSAGE_ID.fullmatch(question.wanted) else {}


def _read(installation: Installation, message_ids: Collection[str]) -> dict[str, Item]:
    read = ((name, installation.read(message_key(name), STORY_ATTRIBUTES)) for name in message_ids)
    return {name: item for name, item in read if item is not None}


def _follow(installation: Installation, items: Mapping[str, Item]) -> dict[str, Item]:
    """Add the messages that had these events earlier, or have them now."""
    known = dict(items)
    for _ in range(_HOPS):
        links = {
            deserialize(item[name]) for item in known.values() for name in ("successor", "instead_of") if name in item
        }
        if not (more := _read(installation, links - known.keys())):
            break
        known |= more
    return known


def _read_parts(installation: Installation, items: Mapping[str, Item]) -> dict[str, Item]:
    """Return the messages of the parts of those events that name several recipients, as far as they exist."""
    keys = [
        event_key(deserialize(item["source"]), part_id(deserialize(item["id"]), name))
        for item in items.values()
        for name in read_value(item, "parts", ())
    ]
    owners = (installation.read(key, ("message_id",)) for key in keys)
    return _read(installation, {EventItem.from_item(owner).message_id for owner in owners if owner} - items.keys())


def _is_letter_about(letter: DeadLetter, question: MailQuery) -> bool:
    if question.keys:
        return any(mentions(text, question) for text in letter.list_events())
    names = (letter.message_id, letter.event_id, letter.subject)
    fits = question.wanted in names or (letter.subject or "").endswith(f"/{question.wanted}")
    return fits and question.source in ("", letter.source)


def _with_outbox(mails: Mapping[str, MailStory], entries: Sequence[OutboxEntry]) -> list[MailStory]:
    """Return each mail with its outbox entry, and the entries that the ledger does not know."""
    left = {entry.event_id: entry for entry in entries}
    stories = [
        replace(mail, outbox=left.pop(mail.event_id)) if mail.event_id in left else mail for mail in mails.values()
    ]
    return [*stories, *(MailStory(outbox=entry) for entry in left.values())]
