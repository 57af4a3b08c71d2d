"""What a `SendEmail` request carries, read into the parts of a mail, and its MIME form.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_EmailContent.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from typing import Any

from laptop.ses.errors import bad_request

__all__ = ["Content", "read_content", "to_mime"]

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Content:
    """The content of one mail; `mime` is set if it came as a whole MIME message."""

    subject: str
    text: str | None
    html: str | None
    headers: Headers = ()
    mime: bytes | None = None


def read_content(request: Mapping[str, Any]) -> Content:
    """Read `Content` of a `SendEmail` request; raise `BadRequestException` if it is none of the forms played."""
    content = request.get("Content") or {}
    if "Simple" in content:
        return _simple(content["Simple"], request)
    if "Raw" in content:
        return _raw(content["Raw"])
    raise bad_request("this simulator plays Content.Simple and Content.Raw only")


def _simple(simple: Mapping[str, Any], request: Mapping[str, Any]) -> Content:
    body = simple.get("Body") or {}
    text, html = (body.get(part, {}).get("Data") for part in ("Text", "Html"))
    if text is None and html is None:
        raise bad_request("Missing required parameter: Content.Simple.Body needs Text or Html")
    subject = str(simple.get("Subject", {}).get("Data", ""))
    given = [(str(header["Name"]), str(header["Value"])) for header in simple.get("Headers", ())]
    for value in (subject, *(value for pair in given for value in pair)):
        if "\r" in value or "\n" in value:
            raise bad_request("Header fields must not contain line breaks.")
    return Content(subject, text, html, (*_envelope(request), ("Subject", subject), *given))


def _envelope(request: Mapping[str, Any]) -> list[tuple[str, str]]:
    destination = request.get("Destination") or {}
    lists = [
        ("From", [request.get("FromEmailAddress") or ""]),
        ("To", destination.get("ToAddresses") or []),
        ("Cc", destination.get("CcAddresses") or []),
        ("Reply-To", request.get("ReplyToAddresses") or []),
    ]
    return [(name, ", ".join(addresses)) for name, addresses in lists if addresses]


def _raw(raw: Mapping[str, Any]) -> Content:
    try:
        data = base64.b64decode(str(raw.get("Data", "")), validate=True)
    except binascii.Error as problem:
        raise bad_request(f"Content.Raw.Data is not base64: {problem}") from None
    message = BytesParser(EmailMessage, policy=policy.SMTP).parsebytes(data)
    headers = tuple((name, str(value)) for name, value in message.items())
    text, html = (_part(message, kind) for kind in ("plain", "html"))
    return Content(str(message.get("Subject", "")), text, html, headers, data)


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    return None if part is None else str(part.get_content())


def to_mime(content: Content, mail_id: str, at: datetime, domain: str) -> tuple[Headers, bytes]:
    """The mail's headers and MIME form. SES sets `Message-ID` and `Date` itself, whatever the sender gave."""
    own: Headers = (("Message-ID", f"<{mail_id}@{domain}>"), ("Date", format_datetime(at)))
    headers = (*_without(content.headers, ("message-id", "date")), *own)
    if content.mime is not None:
        return headers, content.mime
    message = EmailMessage(policy=policy.SMTP)
    if content.text is not None:
        message.set_content(content.text, cte="8bit" if _short_lines(content.text) else "base64")
    if content.html is not None:
        add = message.set_content if content.text is None else message.add_alternative
        add(content.html, subtype="html", cte="8bit" if _short_lines(content.html) else "base64")
    # Written by hand: a mail must be shown as it was given, and the email package folds and encodes long headers.
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return headers, lines.encode() + message.as_bytes()


def _without(headers: Sequence[tuple[str, str]], dropped: Sequence[str]) -> Headers:
    return tuple((name, value) for name, value in headers if name.lower() not in dropped)


def _short_lines(body: str) -> bool:
    return all(len(line.encode()) < 990 for line in body.splitlines())
