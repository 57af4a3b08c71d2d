"""The mails that the simulators have accepted, in memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import NamedTuple, cast

__all__ = ["File", "Mail", "Mailbox"]


class File(NamedTuple):
    """An attachment: file name, media type and content."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted mail. `id` is the SES MessageId returned to the sender, `raw` the MIME message."""

    id: str
    at: datetime
    source: str
    to: tuple[str, ...]
    subject: str
    text: str | None
    html: str | None
    headers: tuple[tuple[str, str], ...]
    tags: Mapping[str, str]
    configuration_set: str | None
    raw: bytes
    events: list[str] = field(default_factory=list)
    #: The region in which SES accepted it; empty for other providers.
    region: str = ""

    @property
    def files(self) -> list[File]:
        """The attachments, as a mail program extracts them."""
        if b"attachment" not in self.raw.lower():
            return []
        message: EmailMessage = message_from_bytes(self.raw, _class=EmailMessage, policy=policy.default)
        return [
            File(part.get_filename() or "", part.get_content_type(), cast("bytes", part.get_payload(decode=True)))
            for part in message.iter_attachments()
        ]

    def as_json(self) -> dict[str, object]:
        """Return the mail as the inbox's API shows it."""
        return {
            "id": self.id,
            "at": self.at.isoformat(timespec="milliseconds"),
            "from": self.source,
            "to": list(self.to),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": dict(self.headers),
            "tags": dict(self.tags),
            "configuration_set": self.configuration_set,
            "region": self.region,
            "events": list(self.events),
            "attachments": [{"name": one.name, "type": one.type, "size": len(one.content)} for one in self.files],
            "raw": self.raw.decode("utf-8", "replace"),
        }


class Mailbox:
    """Keeps every accepted mail until it is emptied; safe for use by several threads."""

    def __init__(self) -> None:
        self._mails: dict[str, Mail] = {}
        self._lock = threading.Lock()

    def add(self, mail: Mail) -> None:
        """Add a mail."""
        with self._lock:
            self._mails[mail.id] = mail

    def get(self, mail_id: str) -> Mail | None:
        """Return the mail with this MessageId, or None."""
        return self._mails.get(mail_id)

    def find(self, to: str | None = None, tags: Mapping[str, str] | None = None) -> list[Mail]:
        """Return the mails to an address (case-insensitive) that have all of `tags`, oldest first."""
        with self._lock:
            mails = list(self._mails.values())
        wanted = to.lower() if to else None
        return [
            mail
            for mail in mails
            if (wanted is None or wanted in map(str.lower, mail.to)) and (tags or {}).items() <= mail.tags.items()
        ]

    def empty(self) -> int:
        """Delete all mails; return how many there were."""
        with self._lock:
            count = len(self._mails)
            self._mails.clear()
        return count
