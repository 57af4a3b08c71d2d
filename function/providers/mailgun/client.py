"""Mailgun's Messages API.

https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages
Errors: https://documentation.mailgun.com/docs/mailgun/api-reference/mg-errors Limits, by the same pages: 25 MB a
message; 16 KB for all options, headers and variables together.
"""

from __future__ import annotations

import contextlib
import uuid
from base64 import b64encode
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlencode

from function.errors import NotificationError, OutcomeUnknown, QuotaExhausted, RefusedForGood
from function.event.cloudevent import PROBE_TAG
from function.message.email import Attachment, Email, Receipt
from function.message.from_header import join_sender, split_sender
from function.providers.http_client import HttpClient, HttpResponse, choose_error, format_answer
from function.providers.secret import Secret
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["ENDPOINTS", "MailgunProvider"]

#: By the scheme of the URL: a domain belongs to one of the two regions.
#: https://documentation.mailgun.com/docs/mailgun/api-reference/mg-base-url
ENDPOINTS = {"mailgun": "https://api.mailgun.net", "mailgun+eu": "https://api.eu.mailgun.net"}
#: Mailgun accepts the mail, charges for it, and sends it to nobody.
#: https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/test-mode
_TEST_MODE = {"o:testmode": "yes"}


@dataclass(slots=True)
class MailgunProvider:
    """Sends through one domain with the API key in `secret`; `sender` is a From header."""

    url: str
    http: HttpClient
    secret: Secret
    sender: str

    @property
    def timeout(self) -> float:
        """The most seconds that a send can take."""
        return self.http.timeout

    @property
    def domain(self) -> str:
        """The sending domain in the URL."""
        return self.url.partition("://")[2]

    def send(self, email: Email, key: str) -> Receipt:
        """Send, with the key and the tags as variables, which Mailgun repeats in its events as `user-variables`.

        200 with an id means *Queued*. Mailgun has no idempotency keys.
        """
        return self._send(email, {**email.tags, "message_id": key}, _TEST_MODE if email.tries else {})

    def probe(self) -> None:
        """Send in test mode, to cause a report."""
        line = "This mail asks for a report."
        probe = Email(split_sender(self.sender)[1], line, line, line)
        with contextlib.suppress(NotificationError):
            self._send(probe, dict([PROBE_TAG]), _TEST_MODE)

    def _send(self, email: Email, variables: dict[str, str], options: dict[str, str]) -> Receipt:
        fields = {
            "from": join_sender(*split_sender(email.sender or self.sender)),
            "to": split_sender(self.sender)[1] if email.tries else email.to,
            **({"cc": ",".join(email.cc)} if email.cc else {}),
            **({"bcc": ",".join(email.bcc)} if email.bcc else {}),
            "subject": email.subject,
            "text": email.text,
            "html": email.html,
            "o:tracking": "no",
            **options,
            **({"h:Reply-To": email.reply_to} if email.reply_to else {}),
            **{f"h:{name}": value for name, value in email.headers.items()},
            **{f"v:{name}": value for name, value in variables.items()},
        }
        credentials = b64encode(f"api:{self.secret.value}".encode()).decode()
        media_type, body = _encode_form(fields, email.files)
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": media_type}
        path = f"/v3/{quote(self.domain, safe='')}/messages"
        answer = self.http.post(path, headers, body)
        if answer.status != 200:
            raise self._read_refusal(answer, email)
        number = answer.json().get("id")
        if not isinstance(number, str):
            raise OutcomeUnknown("Mailgun answered 200 without an id")
        return Receipt(self.url, number)

    def _read_refusal(self, answer: HttpResponse, email: Email) -> NotificationError:
        message = str(answer.json().get("message") or "") or answer.body.decode("utf-8", "replace")
        line = format_answer("Mailgun", answer.status, self.secret.cut_from(message), email.addresses)
        text = message.lower()
        if answer.status == 401:
            self.secret.reread()
        if answer.status < 500 and "authorized recipients" in text:
            return RefusedForGood(line, ReasonCode.RECIPIENT_UNVERIFIED)
        if answer.status < 500 and "limit exceeded" in text:
            return QuotaExhausted(line)
        if answer.status == 400 and "from" in text and "'to'" not in text:
            return choose_error(403, line)  # a problem with the sender's setup, not with this mail
        return choose_error(answer.status, line)


def _encode_form(fields: Mapping[str, str], files: Sequence[Attachment]) -> tuple[str, bytes]:
    """Encode a form; return its media type and bytes. It is multipart only if there are files:
    https://www.rfc-editor.org/rfc/rfc7578"""
    if not files:
        return "application/x-www-form-urlencoded; charset=utf-8", urlencode(fields).encode()
    boundary = uuid.uuid4().hex
    parts = [_encode_part(boundary, _quote(name), "", value.encode()) for name, value in fields.items()]
    for one in files:
        about = f"\r\nContent-Type: {one.type}"
        parts.append(_encode_part(boundary, f'"attachment"; filename={_quote(one.name)}', about, one.content))
    return f"multipart/form-data; boundary={boundary}", b"".join([*parts, f"--{boundary}--\r\n".encode()])


def _encode_part(boundary: str, name: str, about: str, content: bytes) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; name={name}{about}\r\n\r\n".encode() + content + b"\r\n"


def _quote(name: str) -> str:
    """Quote a name as browsers do:
    https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data"""
    return '"' + name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22") + '"'
