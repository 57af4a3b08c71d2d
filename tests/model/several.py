"""Events with several recipients in the model: who they are, what their parts say, and what is promised of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from fakes.dynamodb.table import State as Snapshot
from function.delivery.scheduling import CANCEL
from function.errors import UnknownNotification
from function.event.cloudevent import Event
from function.event.compression import compress
from function.ledger.keys import address_key, event_key, part_id, part_name
from function.ledger.record import Record
from function.ledger.states import ACCEPTED, State
from function.message.builder import Draft
from tests.model.model_state import CANCELLATION, Mail

__all__ = ["find_lost", "letter_of", "read_draft", "read_recipient"]

_ADA, _KIM = "ada@example.com", "kim@example.com"


def _recipients(content: str) -> list[dict[str, str]]:
    """A capital has the recipients in another order, and `d` has only the first."""
    named = [_KIM, _ADA] if content.isupper() else [_ADA] if content == "d" else [_ADA, _KIM]
    return [{"email": email} for email in named]


def read_draft(body: str, secret: bytes, subscription: str) -> Draft:
    """An event as it was published, a letter, or a part of one."""
    if not body.startswith("{"):
        data: dict[str, object] = {"recipients": _recipients(body), "content": body}
        event = Event("urn:model", "e", "book.created", "", data)
        if body == CANCELLATION:
            event = Event("urn:model", "c", CANCEL, "", {"source": "urn:model", "id": "e"})
            return Draft(event, UnknownNotification("no mail"), content_hash=event.content_hash, body=compress(body))
        return Draft(event, content_hash=event.content_hash, body=compress(body), recipients=tuple(_recipients(body)))
    said = json.loads(body)
    event = Event(said["source"], said["id"], said["type"], "", said["data"])
    if event.type == CANCEL:
        return Draft(event, UnknownNotification("no mail"), content_hash=event.content_hash, body=compress(body))
    address = address_key(secret, event.data["recipient"]["email"])
    return Draft(
        event, address=address, subscription=subscription, content_hash=event.content_hash, body=compress(body)
    )


def letter_of(content: str) -> str:
    """What a publication said, of which this is all or a part."""
    if not content.startswith("{"):
        return content
    said = json.loads(content)
    return CANCELLATION if said["type"] == CANCEL else str(said["data"]["content"])


def read_recipient(content: str) -> str:
    """Whose part it is."""
    return str(json.loads(content)["data"]["recipient"]["email"])


def find_lost(
    table: Snapshot, records: Mapping[str, Record], published: Iterable[str], mails: Iterable[Mail]
) -> str | None:
    """What became of no recipient, at the end."""
    contents, told = set(published), {mail.to for mail in mails}
    owner = table.get(event_key("urn:model", "e"))
    whole = records.get(str(owner["message_id"][1])) if owner else None
    if whole is None:
        return "an event was published, and nothing is known of it"
    wanted = {each["email"] for content in contents - {CANCELLATION} for each in _recipients(content)}
    for email in sorted(wanted) if whole.parted_by else ():
        name = part_name(whole.parted_by or "", email)
        found = table.get(event_key("urn:model", part_id("e", name)))
        record = records.get(str(found["message_id"][1])) if found else None
        if record is None:
            if whole.state is State.CANCELLED and name not in whole.parts:
                continue
            return "a recipient is named, and nothing is known of their mail"
        if record.state in ACCEPTED and email not in told:
            return "a recipient's mail is recorded as sent, and went to somebody else"
        if CANCELLATION in contents and record.state is not State.CANCELLED and not record.cancelled_by:
            return "an event was cancelled, and a recipient's mail was not"
    return None
