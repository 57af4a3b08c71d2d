"""Twilio SendGrid's Mail Send.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
Errors: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
Limits: 30 MB a request, 10,000 bytes of custom_args: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from function.errors import NotificationError, ProviderUnavailable, QuotaExhausted
from function.message.email import Attachment, Email, Receipt
from function.message.from_header import split_sender
from function.providers.http_client import HttpClient, HttpResponse, choose_error, format_answer
from function.providers.secret import Secret
from function.runtime.lean_dataclass import dataclass

__all__ = ["ENDPOINT", "SendGridProvider"]

#: Prefix of our custom arguments: SendGrid puts them beside its own event fields, one of which is `attempt`.
_ARGUMENT = "herald_"

ENDPOINT = "https://api.sendgrid.com"
#: An address that accepts and deletes every mail. It does not affect the sender's reputation but costs an email credit,
#: according to SendGrid's page on sending speed:
#: https://github.com/sendgrid/docs/pull/2614
_TEST_RECIPIENT = "herald@sink.sendgrid.net"
#: No tracking, so that the mail is sent unchanged.
#: https://www.twilio.com/docs/sendgrid/ui/account-and-settings/tracking
_UNTRACKED = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
}


@dataclass(slots=True)
class SendGridProvider:
    """Sends through the account of the API key in `secret`; `sender` is a From header."""

    url: str
    http: HttpClient
    secret: Secret
    sender: str

    @property
    def timeout(self) -> float:
        """The most seconds that a send can take."""
        return self.http.timeout

    def send(self, email: Email, key: str) -> Receipt:
        """Send, with the key and the tags as `custom_args`, which SendGrid repeats in all its events.

        202 means *queued to be delivered*. SendGrid has no idempotency keys.
        """
        headers = {"Authorization": f"Bearer {self.secret.value}", "Content-Type": "application/json"}
        body = json.dumps(self._build_payload(email, key)).encode()
        answer = self.http.post("/v3/mail/send", headers, body)
        if answer.status == 202:
            return Receipt(self.url, answer.headers.get("x-message-id", ""))
        raise self._read_refusal(answer, email)

    def probe(self) -> None:
        """Do nothing: SendGrid's sandbox mode causes no events.

        https://www.twilio.com/docs/sendgrid/for-developers/sending-email/sandbox-mode
        """

    def _build_payload(self, email: Email, key: str) -> dict[str, Any]:
        name, address = split_sender(email.sender or self.sender)
        return {
            "personalizations": [_list_readers(email)],
            "from": {"email": address, "name": name} if name else {"email": address},
            **({"reply_to": {"email": email.reply_to}} if email.reply_to else {}),
            "subject": email.subject,
            "content": [{"type": "text/plain", "value": email.text}, {"type": "text/html", "value": email.html}],
            **({"headers": dict(email.headers)} if email.headers else {}),
            **({"attachments": [_build_file(one) for one in email.files]} if email.files else {}),
            "custom_args": {f"{_ARGUMENT}{name}": value for name, value in {**email.tags, "message_id": key}.items()},
            "tracking_settings": _UNTRACKED,
        }

    def _read_refusal(self, answer: HttpResponse, email: Email) -> NotificationError:
        errors = answer.json().get("errors")
        first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        message, field = str(first.get("message") or ""), str(first.get("field") or "")
        line = format_answer("SendGrid", answer.status, self.secret.cut_from(message), email.addresses)
        if answer.status == 401:
            # SendGrid answers 401 both for a used-up allowance and for an unknown key.
            # https://support.sendgrid.com/hc/en-us/articles/1260807146429
            if "credits exceeded" in message.lower():
                return QuotaExhausted(line)
            self.secret.reread()
        if answer.status == 400 and field.startswith("from"):
            return ProviderUnavailable(line)  # a problem with the sender's setup, not with this mail
        return choose_error(answer.status, line)


def _list_readers(email: Email) -> dict[str, list[dict[str, str]]]:
    """Return the recipients by field: no address may be in two lists, and no list may be empty."""
    lists = {"to": (_TEST_RECIPIENT if email.tries else email.to,), "cc": email.cc, "bcc": email.bcc}
    return {name: [{"email": address} for address in addresses] for name, addresses in lists.items() if addresses}


def _build_file(one: Attachment) -> dict[str, str]:
    content = b64encode(one.content).decode()
    # SendGrid accepts no media type parameters; the method is in the invitation itself.
    return {"content": content, "filename": one.name, "type": one.type.partition(";")[0], "disposition": "attachment"}
