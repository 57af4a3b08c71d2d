"""A mail, independent of the provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from function.runtime.lean_dataclass import dataclass

if TYPE_CHECKING:
    from function.message.addressing.tenant import Tenant
    from function.reason_codes import Reason

__all__ = ["Attachment", "AttachmentReference", "Email", "Invitation", "Receipt"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attached file: its name as the reader sees it, its media type, and its bytes."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class AttachmentReference:
    """An S3 object to attach under this name and media type. `sha256` is its expected hash in hexadecimal; `version` is
    None for the newest version."""

    bucket: str
    key: str
    version: str | None
    sha256: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An iCalendar document and its method, REQUEST or CANCEL."""

    method: str
    content: str

    @property
    def media_type(self) -> str:
        """The media type of the document as an alternative body part:
        https://www.rfc-editor.org/rfc/rfc6047#section-2.4"""
        return f"text/calendar; method={self.method}; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Email:
    """A rendered mail to one recipient, with copies. `headers` are additional headers; tags are repeated in the
    provider's feedback. `sender` is a From header (None: the provider's setting); replies go to `reply_to`, or to the
    sender. `tenant` is None for the deployment itself."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    reply_to: str | None = None
    sender: str | None = None
    #: Addresses that get a copy: unique, and never the recipient's.
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    #: The attachments that are still to be fetched.
    references: tuple[AttachmentReference, ...] = ()
    invitation: Invitation | None = None
    tenant: Tenant | None = None
    #: Why it is not in its reader's language, if it is not.
    fallback: Reason | None = None
    #: The URL of the provider that this synthetic mail tests; it goes to that provider's test mailbox and reaches
    #: nobody.
    tries: str | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses that it goes to, the recipient's first."""
        return (self.to, *self.cc, *self.bcc)

    @property
    def files(self) -> tuple[Attachment, ...]:
        """The attachments, with the invitation as a file for providers that accept it only so."""
        if self.invitation is None:
            return self.attachments
        content = self.invitation.content.encode()
        return (*self.attachments, Attachment("invite.ics", self.invitation.media_type, content))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's acceptance of a mail: the provider's URL and its id for the mail; `aside` is anything else it
    said."""

    provider: str
    message_id: str
    aside: str = ""
