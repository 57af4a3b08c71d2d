"""`SendEmail`: the checks that AWS makes before it accepts a mail, in AWS's order, and the accepted mail.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_EmailContent.html (`Simple` and `Raw` only)
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any

from laptop.ses.errors import SesError, make_bad_request
from laptop.ses.mailbox import Mail

__all__ = ["read_submitted_mail"]

MAX_RECIPIENTS = 50
MAX_TAGS = 50
TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
ADDRESS = re.compile(r"[^@\s<>\",;:]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

#: SMTP's limit of 1000 characters, less the line break: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.6
_LONGEST_LINE = 998
_MIME = frozenset({"mime-version", "content-type", "content-transfer-encoding"})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _MailContent:
    subject: str
    text: str | None
    html: str | None
    headers: Headers


def read_submitted_mail(request: Mapping[str, Any], region: str) -> Mail:
    """Return the mail that a `SendEmail` request submits; raise `SesError` if AWS would reject it."""
    if request.get("TenantName"):
        raise make_bad_request("this simulator plays none of SES's own tenants")
    raw = (request.get("Content") or {}).get("Raw")
    content, body = (_read_content(request), None) if raw is None else _read_raw(raw)
    source = str(request.get("FromEmailAddress") or "")
    if not source:
        raise make_bad_request("Missing required header 'From'.")
    to = _read_recipients(request)
    tags = _read_tags(request)
    mail_id, at = _make_message_id(), datetime.now(UTC)
    headers, written = _to_mime(content, mail_id, at, body)
    name = request.get("ConfigurationSetName")
    subject, text, html = content.subject, content.text, content.html
    return Mail(mail_id, at, source, to, subject, text, html, headers, tags, name, written, region=region)


def _read_content(request: Mapping[str, Any]) -> _MailContent:
    simple = (request.get("Content") or {}).get("Simple")
    if simple is None:
        raise make_bad_request("this simulator plays Content.Simple and Content.Raw only")
    body = simple.get("Body") or {}
    text, html = (body.get(part, {}).get("Data") for part in ("Text", "Html"))
    if text is None and html is None:
        raise make_bad_request("Missing required parameter: Content.Simple.Body needs Text or Html")
    subject = str(simple.get("Subject", {}).get("Data", ""))
    given = [(str(header["Name"]), str(header["Value"])) for header in simple.get("Headers", ())]
    for value in (subject, *(value for pair in given for value in pair)):
        if "\r" in value or "\n" in value:
            raise make_bad_request("Header fields must not contain line breaks.")
    return _MailContent(subject, text, html, (*_read_headers(request), ("Subject", subject), *given))


def _read_raw(raw: Mapping[str, Any]) -> tuple[_MailContent, bytes]:
    """Parse a raw message. Returns its content, and its body as given, preceded by its MIME headers."""
    data = base64.b64decode(raw["Data"])
    head, _, rest = data.partition(b"\r\n\r\n")
    if any(len(line) > _LONGEST_LINE for line in data.split(b"\r\n")):
        raise make_bad_request("A line of the message is longer than 1000 characters.")
    message: EmailMessage = message_from_bytes(data, _class=EmailMessage, policy=policy.default)
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    given = [(name, str(value)) for name, value in message.raw_items() if name.lower() not in _MIME]
    about = b"".join(f"{name}: {value}\r\n".encode() for name, value in message.raw_items() if name.lower() in _MIME)
    content = _MailContent(
        str(message["Subject"]),
        plain.get_content() if plain else None,
        html.get_content() if html else None,
        tuple(given),
    )
    return content, about + b"\r\n" + rest if head else data


def _read_headers(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    destination = request.get("Destination") or {}
    lists = [
        ("From", [request.get("FromEmailAddress") or ""]),
        ("To", destination.get("ToAddresses") or []),
        ("Cc", destination.get("CcAddresses") or []),
        ("Reply-To", request.get("ReplyToAddresses") or []),
    ]
    return [(name, ", ".join(addresses)) for name, addresses in lists if addresses]


def _read_recipients(request: Mapping[str, Any]) -> tuple[str, ...]:
    destination = request.get("Destination") or {}
    given = [address for kind in ("To", "Cc", "Bcc") for address in destination.get(f"{kind}Addresses") or ()]
    if not given:
        raise make_bad_request("Destination does not contain any recipients.")
    if len(given) > MAX_RECIPIENTS:
        raise SesError("MessageRejected", f"Recipient count exceeds {MAX_RECIPIENTS}.")
    return tuple(_read_address(str(address)) for address in given)


def _read_address(given: str) -> str:
    address = parseaddr(given)[1]
    if "\r" in given or "\n" in given or not ADDRESS.fullmatch(address):
        raise make_bad_request("Illegal address")
    if not address.isascii():
        raise make_bad_request("Local address contains control or whitespace")
    return address


def _read_tags(request: Mapping[str, Any]) -> dict[str, str]:
    tags = {str(tag["Name"]): str(tag["Value"]) for tag in request.get("EmailTags") or ()}
    if len(tags) > MAX_TAGS:
        raise make_bad_request(f"A message has at most {MAX_TAGS} tags.")
    for text in (text for pair in tags.items() for text in pair):
        if not TAG.fullmatch(text):
            raise make_bad_request(
                f"Value {text!r} for a message tag: only ASCII letters, digits, '_' and '-', "
                "and 256 characters at most."
            )
    return tags


def _make_message_id() -> str:
    millis = int(datetime.now(UTC).timestamp() * 1000)
    return f"{0x0100 << 48 | millis:016x}-{uuid.uuid4()}-000000"


def _to_mime(content: _MailContent, mail_id: str, at: datetime, body: bytes | None) -> tuple[Headers, bytes]:
    """Return the mail's headers and its MIME form, with `body` instead of a generated body if it is given.

    Like SES, sets `Message-ID` and `Date` itself, whatever the sender gave.
    """
    own: Headers = (("Message-ID", f"<{mail_id}@email.amazonses.com>"), ("Date", format_datetime(at)))
    given = (pair for pair in content.headers if pair[0].lower() not in {"message-id", "date"})
    headers = (*given, *own)
    # Headers are written by hand to keep them exactly as given: the email package folds and encodes long headers.
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return headers, lines.encode() + (_write_body(content) if body is None else body)


def _write_body(content: _MailContent) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    if content.text is not None:
        message.set_content(content.text, cte=_choose_encoding(content.text))
    if content.html is not None:
        add = message.set_content if content.text is None else message.add_alternative
        add(content.html, subtype="html", cte=_choose_encoding(content.html))
    return message.as_bytes()


def _choose_encoding(body: str) -> str:
    return "8bit" if all(len(line.encode()) < 990 for line in body.splitlines()) else "base64"
