"""The interface of a simulated provider: how it reads requests, and how it answers and rejects them."""

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

__all__ = [
    "ProviderRequest",
    "ProviderResponse",
    "ProviderSimulator",
    "RequestRefused",
    "SubmittedMail",
    "accept",
    "make_id",
]


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One request; header names are in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ProviderResponse:
    """One response; a `str` body is sent unchanged, any other body as JSON."""

    status: int
    body: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class RequestRefused(Exception):
    """Raised when the provider rejects a request; `answer` is its response."""

    def __init__(self, answer: ProviderResponse) -> None:
        super().__init__(answer.body)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class SubmittedMail:
    """A mail as submitted by a request."""

    id: str
    sender: str
    to: str
    subject: str
    text: str | None
    html: str | None
    headers: Mapping[str, str]
    tags: Mapping[str, str]
    #: The Message-ID used if the sender gave none, or if the provider always sets its own (`own_message_id`).
    message_id: str
    own_message_id: bool = False
    files: tuple[File, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    #: False for mails in test mode, which are reported on but not delivered.
    delivered: bool = True

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of all recipients; that of `to` comes first."""
        return (parseaddr(self.to)[1], *self.cc, *self.bcc)


class ProviderSimulator(Protocol):
    """One provider with one account. `key` is the only valid API key; `faults` are the armed faults."""

    name: str
    key: str
    faults: ArmedFaults

    def is_send(self, path: str) -> bool:
        """Whether mails are submitted at this path."""

    def read(self, request: ProviderRequest) -> SubmittedMail:
        """Parse the mail that a request submits. Raises `RequestRefused` as the provider would reject it."""

    def answer_accepted(self, submitted: SubmittedMail, request: ProviderRequest, /) -> ProviderResponse:
        """Return the answer to an accepted mail."""

    def answer_repeated(self, request: ProviderRequest, /) -> ProviderResponse | None:
        """Return the answer to a repeated request, recognized by its idempotency key; None if the request is new."""

    def answer_throttled(self) -> ProviderResponse:
        """Return the answer to a request over the rate limit."""

    def answer_exhausted(self) -> ProviderResponse:
        """Return the answer to a request over the account's quota."""

    def answer_refused(self, message: str) -> ProviderResponse:
        """Return the answer to a permanently rejected mail."""

    def look(self, request: ProviderRequest, webhook: str | None, /) -> ProviderResponse | None:
        """Answer a GET request about the account; None if there is no such path.

        `webhook` is the URL of the account's webhook, if it has one. Raises `RequestRefused` as the provider would
        reject the request.
        """


def accept(mailbox: Mailbox, submitted: SubmittedMail, provider: str) -> Mail:
    """Put a mail into the inbox, unless it is in test mode, and return it as sent."""
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
        provider,
        _to_mime(submitted, headers),
    )
    if submitted.delivered:
        mailbox.add(mail)
    return mail


def make_id() -> str:
    """Return a unique id."""
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
    # Headers are written by hand, as in laptop/ses/send_email_request.py, to keep them exactly as given.
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + message.as_bytes()
