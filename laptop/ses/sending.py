"""`SendEmail`: what AWS checks before it takes a mail, in its order, and the mail that it then takes.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import getaddresses, parseaddr
from typing import Any

from laptop.ses.content import Content, read_content, to_mime
from laptop.ses.errors import SesError, bad_request
from laptop.ses.mailbox import Mail

__all__ = ["read_mail"]

MAX_RECIPIENTS = 50
MAX_TAGS = 50
TAG = re.compile(r"[A-Za-z0-9_.@-]{1,256}")
ADDRESS = re.compile(r"[^@\s<>\",;:]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def read_mail(request: Mapping[str, Any]) -> Mail:
    """Turn a `SendEmail` request into the mail that it asks for; raise `SesError` if AWS would not take it."""
    content = read_content(request)
    source = str(request.get("FromEmailAddress") or _header(content, "from"))
    if not source:
        raise bad_request("Missing required header 'From'.")
    to = _recipients(request, content)
    tags = _tags(request)
    mail_id, at = _message_id(), datetime.now(UTC)
    headers, raw = to_mime(content, mail_id, at, "email.amazonses.com")
    name = request.get("ConfigurationSetName")
    return Mail(mail_id, at, source, to, content.subject, content.text, content.html, headers, tags, name, raw)


def _recipients(request: Mapping[str, Any], content: Content) -> tuple[str, ...]:
    destination = request.get("Destination") or {}
    given = [address for kind in ("To", "Cc", "Bcc") for address in destination.get(f"{kind}Addresses") or ()]
    if not given and content.mime is not None:
        named = [_header(content, name) for name in ("to", "cc", "bcc")]
        given = [address for _, address in getaddresses(named) if address]
    if not given:
        raise bad_request("Destination does not contain any recipients.")
    if len(given) > MAX_RECIPIENTS:
        raise SesError("MessageRejected", f"Recipient count exceeds {MAX_RECIPIENTS}.")
    return tuple(_address(str(address)) for address in given)


def _address(given: str) -> str:
    address = parseaddr(given)[1]
    if "\r" in given or "\n" in given or not ADDRESS.fullmatch(address):
        raise bad_request("Illegal address")
    if not address.isascii():
        raise bad_request("Local address contains control or whitespace")
    return address


def _tags(request: Mapping[str, Any]) -> dict[str, str]:
    tags = {str(tag["Name"]): str(tag["Value"]) for tag in request.get("EmailTags") or ()}
    if len(tags) > MAX_TAGS:
        raise bad_request(f"A message has at most {MAX_TAGS} tags.")
    for text in (text for pair in tags.items() for text in pair):
        if not TAG.fullmatch(text):
            raise bad_request(
                f"Value {text!r} for a message tag: only ASCII letters, digits, '_', '-', '.' and '@', "
                "and 256 characters at most."
            )
    return tags


def _header(content: Content, wanted: str) -> str:
    return next((value for name, value in content.headers if name.lower() == wanted), "")


def _message_id() -> str:
    millis = int(datetime.now(UTC).timestamp() * 1000)
    return f"{0x0100 << 48 | millis:016x}-{uuid.uuid4()}-000000"
