"""Writes a mail as MIME, for providers that take a complete message.

https://www.rfc-editor.org/rfc/rfc2045; file names outside ASCII: https://www.rfc-editor.org/rfc/rfc2231
"""

from __future__ import annotations

from collections.abc import Mapping
from email import policy
from email.message import EmailMessage

from function.errors import RefusedForGood
from function.message.email import Attachment, Email

__all__ = ["build_reader_headers", "compose", "encode_header"]

#: Longest line in characters; RFC 5321 allows 998. A body with longer lines, or not in ASCII, is encoded.
_LONGEST_LINE = 990


def compose(email: Email, own: Mapping[str, str]) -> bytes:
    """Write the mail with the provider's `own` headers and the mail's. Raises RefusedForGood if a header is not one
    line of ASCII."""
    message = EmailMessage(policy=policy.SMTP)
    message.set_content(email.text, cte=_choose_encoding(email.text))
    message.add_alternative(email.html, subtype="html", cte=_choose_encoding(email.html))
    files = email.attachments
    if email.invitation:  # an alternative for programs that can reply, and a file for those that only save it
        content, about = email.invitation.content, {"method": email.invitation.method}
        message.add_alternative(content, subtype="calendar", params=about, cte="base64")
        files = (*files, Attachment("invite.ics", "application/ics", content.encode()))
    for one in files:
        kind, _, subtype = one.type.partition("/")
        message.add_attachment(one.content, maintype=kind, subtype=subtype, filename=one.name)
    # Written directly: the email package folds and encodes long headers, and List-Unsubscribe must stay unchanged.
    lines = [f"{name}: {value}" for name, value in {**own, **email.headers}.items()]
    for line in lines:
        if not line.isascii() or "\r" in line or "\n" in line:
            raise RefusedForGood(f"a header is not a line of ASCII: {line.partition(':')[0]}")
    return "\r\n".join(lines).encode() + b"\r\n" + message.as_bytes()


def build_reader_headers(email: Email) -> dict[str, str]:
    """Return the headers that name the readers and the reply address; blind copies are in none of them."""
    lists = {"To": email.to, "Cc": ", ".join(email.cc), "Reply-To": email.reply_to}
    return {name: text for name, text in lists.items() if text}


def encode_header(text: str) -> str:
    """Encode a header's text in ASCII: https://www.rfc-editor.org/rfc/rfc2047"""
    if text.isascii():
        return text
    from email.header import Header  # noqa: PLC0415  most subjects need it not

    return Header(text, "utf-8").encode(maxlinelen=75, linesep="").replace("\n", "")


def _choose_encoding(body: str) -> str:
    short = all(len(line) <= _LONGEST_LINE for line in body.splitlines())
    return "7bit" if short and body.isascii() else "base64"
