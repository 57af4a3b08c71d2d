"""One mail, as every provider takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from function.runtime.lean_dataclass import dataclass

if TYPE_CHECKING:
    from function.message.addressing.tenant import Tenant
    from function.message.attachments import Reference
    from function.reason_codes import Reason

__all__ = ["Attachment", "Email", "Invitation", "Receipt"]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail: its name as its reader sees it, its media type, and its bytes."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Invitation:
    """An iCalendar document, and its method: REQUEST or CANCEL."""

    method: str
    content: str

    @property
    def media_type(self) -> str:
        """As calendars want it beside a mail's other parts: https://www.rfc-editor.org/rfc/rfc6047#section-2.4"""
        return f"text/calendar; method={self.method}; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Email:
    """A rendered mail to one recipient, with copies. Headers hold what is beyond the usual; tags come back in the
    provider's feedback. `sender` is a From header (None: the provider's setting); answers go to `reply_to`, or to the
    sender. `tenant` is whose mail it is, if not the deployment's own."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    reply_to: str | None = None
    sender: str | None = None
    #: Addresses that get a copy, each once and none of them the recipient's.
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    #: What the attachments are fetched from, until they are.
    references: tuple[Reference, ...] = ()
    invitation: Invitation | None = None
    tenant: Tenant | None = None
    #: Why it is not in its reader's language, if it is not.
    fallback: Reason | None = None
    #: The URL of the one provider that this mail tries, of whose test mailbox it then is; it reaches nobody.
    tries: str | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """All who get it, the recipient first."""
        return (self.to, *self.cc, *self.bcc)

    @property
    def files(self) -> tuple[Attachment, ...]:
        """The attachments, and the invitation for a provider that takes it as a file only."""
        if self.invitation is None:
            return self.attachments
        content = self.invitation.content.encode()
        return (*self.attachments, Attachment("invite.ics", self.invitation.media_type, content))


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's word that it took the mail: its URL and its own id for the mail; `aside` is what else it said."""

    provider: str
    message_id: str
    aside: str = ""
