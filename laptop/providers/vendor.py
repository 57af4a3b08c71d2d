"""What one simulated vendor is: how it reads a request, and how it answers and refuses."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Protocol

from laptop.ses.faults import ArmedFaults
from laptop.ses.mailbox import File, Mail, Mailbox

__all__ = ["Request", "RequestRefused", "SubmittedMail", "VendorResponse", "VendorSimulator", "accept", "make_id"]


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the names of `headers` are in small letters."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class VendorResponse:
    """One answer; a `body` that is text goes out as it stands, everything else as JSON."""

    status: int
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class RequestRefused(Exception):
    """The vendor does not take the request, and answers so."""

    def __init__(self, answer: VendorResponse) -> None:
        super().__init__(answer.body)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class SubmittedMail:
    """A mail as a request asks for it."""

    id: str
    sender: str
    to: str
    subject: str
    text: str | None
    html: str | None
    headers: Mapping[str, str]
    tags: Mapping[str, str]
    #: The Message-ID that the mail has if the sender gave none, or if the vendor always sets its own.
    message_id: str
    own_message_id: bool = False
    files: tuple[File, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    #: Whether it is delivered: a vendor reports on a mail in test mode too, without delivering it.
    delivered: bool = True

    @property
    def addresses(self) -> tuple[str, ...]:
        """All who get it, the recipient first."""
        return (parseaddr(self.to)[1], *self.cc, *self.bcc)


class VendorSimulator(Protocol):
    """One vendor with one account. `key` is the only one it knows; `faults` are caused on
    purpose."""

    name: str
    key: str
    faults: ArmedFaults

    def is_send(self, path: str) -> bool:
        """Whether this path is where its mails are handed in."""

    def read(self, request: Request) -> SubmittedMail:
        """What the request asks for. Raises RequestRefused as the vendor would."""

    def answer_accepted(self, submitted: SubmittedMail, request: Request, /) -> VendorResponse:
        """Its answer to a mail that it took."""

    def answer_repeated(self, request: Request, /) -> VendorResponse | None:
        """Its answer if it has taken the very same request before, under an idempotency key; None: it has not."""

    def answer_throttled(self) -> VendorResponse:
        """Its answer to a request over the rate."""

    def answer_exhausted(self) -> VendorResponse:
        """Its answer to a request over the account's quota."""

    def answer_refused(self, message: str) -> VendorResponse:
        """Its answer to a mail that it will never take."""

    def look(self, request: Request, webhook: str | None, /) -> VendorResponse | None:
        """Its answer to a question about the account, whose reports go to `webhook`; None if it knows no such path.
        Raises RequestRefused as the vendor would."""


def accept(mailbox: Mailbox, submitted: SubmittedMail, vendor: str) -> Mail:
    """Put a mail into the inbox, and return it as it went out."""
    at = datetime.now(UTC)
    given = {name.lower(): name for name in submitted.headers}
    cc = [("Cc", ", ".join(submitted.cc))] if submitted.cc else []
    headers = [
        ("From", submitted.sender),
        ("To", submitted.to),
        *cc,
        ("Subject", submitted.subject),
        *submitted.headers.items(),
    ]
    if submitted.own_message_id or "message-id" not in given:
        headers = [pair for pair in headers if pair[0].lower() != "message-id"]
        headers.append(("Message-ID", submitted.message_id))
    headers.append(("Date", format_datetime(at)))
    mail = Mail(
        submitted.id,
        at,
        submitted.sender,
        submitted.addresses,
        submitted.subject,
        submitted.text,
        submitted.html,
        tuple(headers),
        submitted.tags,
        vendor,
        _to_mime(submitted, headers),
    )
    if submitted.delivered:
        mailbox.add(mail)
    return mail


def make_id() -> str:
    """An id that nothing else has."""
    return str(uuid.uuid4())


def _to_mime(submitted: SubmittedMail, headers: list[tuple[str, str]]) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message.set_content(submitted.text or "")
    if submitted.html is not None:
        message.add_alternative(submitted.html, subtype="html")
    for name, type_, content in submitted.files:
        plain, *about = (part.strip() for part in type_.split(";"))
        kind, _, subtype = plain.partition("/")
        params = {name: value.strip('"') for name, _, value in (pair.partition("=") for pair in about)}
        message.add_attachment(content, maintype=kind, subtype=subtype, filename=name, params=params)
    # By hand, as in laptop/ses/sending.py: a mail must be shown as it was given.
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + message.as_bytes()
