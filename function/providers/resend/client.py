"""Resend's API.

https://resend.com/docs/api-reference/emails/send-email
Errors: https://resend.com/docs/api-reference/errors Idempotency keys, up to 256 characters, kept for 24 hours:
https://resend.com/docs/dashboard/emails/idempotency-keys Limits, by the same pages: 40 MB a mail; tags of ASCII
letters, digits, `_` and `-`, at most 256 characters.
"""

from __future__ import annotations

import contextlib
import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from function.errors import (
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.event.cloudevent import PROBE_TAG
from function.message.email import Attachment, Email, Receipt
from function.message.from_header import join_sender, split_sender
from function.providers.http_client import HttpClient, HttpResponse, choose_error, format_answer
from function.providers.secret import Secret
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["BY_NAME", "ENDPOINT", "READ_TIMEOUT", "ResendProvider"]

ENDPOINT = "https://api.resend.com"
#: In seconds; shorter than for other providers, because the time must be enough for a second request.
READ_TIMEOUT = 4.0
#: Resend's test address: delivered to nobody, and reported as delivered.
#: https://resend.com/docs/dashboard/emails/send-test-emails
_TEST_RECIPIENT = "delivered@resend.dev"

#: Every error name that can occur when sending; other errors are classified by the status.
BY_NAME: dict[str, type[NotificationError]] = {
    "invalid_idempotency_key": ProviderUnavailable,
    "validation_error": RefusedForGood,
    "missing_api_key": ProviderUnavailable,
    "restricted_api_key": ProviderUnavailable,
    "invalid_api_key": ProviderUnavailable,
    "not_found": ProviderUnavailable,
    "method_not_allowed": ProviderUnavailable,
    # An earlier request used this key, and its answer is not known.
    "invalid_idempotent_request": OutcomeUnknown,
    "concurrent_idempotent_requests": OutcomeUnknown,
    "invalid_attachment": RefusedForGood,
    "invalid_from_address": ProviderUnavailable,
    "invalid_access": ProviderUnavailable,
    "invalid_parameter": RefusedForGood,
    "invalid_region": ProviderUnavailable,
    "missing_required_field": RefusedForGood,
    "monthly_quota_exceeded": QuotaExhausted,
    "daily_quota_exceeded": QuotaExhausted,
    "rate_limit_exceeded": Throttled,
    "security_error": ProviderUnavailable,
    "application_error": OutcomeUnknown,
    "internal_server_error": OutcomeUnknown,
}


@dataclass(slots=True)
class ResendProvider:
    """Sends with the API key in `secret`; `sender` is a From header."""

    url: str
    http: HttpClient
    secret: Secret
    sender: str

    @property
    def timeout(self) -> float:
        """The most seconds that a send can take, including the second request."""
        return 2 * self.http.timeout

    def send(self, email: Email, key: str) -> Receipt:
        """Send, with the key among the tags, which Resend repeats in all its events.

        If the answer is lost, the request is repeated once with the same idempotency key: Resend then returns the first
        answer and sends nothing. Any other result of the second request says nothing about the first.
        """
        tags = {**email.tags, "message_id": key}
        once = f"{key}/{email.tags.get('attempt', '')}"[:256]
        try:
            return self._send(email, tags, once)
        except OutcomeUnknown as lost:
            with contextlib.suppress(NotificationError):
                return self._send(email, tags, once)
            raise lost from None

    def probe(self) -> None:
        """Send to Resend's test address, to cause a report."""
        line = "This mail asks for a report."
        with contextlib.suppress(NotificationError):
            self._send(Email(_TEST_RECIPIENT, line, line, line), dict([PROBE_TAG]), None)

    def _send(self, email: Email, tags: Mapping[str, str], once: str | None) -> Receipt:
        headers = {"Authorization": f"Bearer {self.secret.value}", "Content-Type": "application/json"}
        if once:
            headers["Idempotency-Key"] = once
        answer = self.http.post("/emails", headers, json.dumps(self._build_payload(email, tags)).encode())
        if answer.status != 200:
            raise self._read_refusal(answer, email)
        number = answer.json().get("id")
        if not isinstance(number, str):
            raise OutcomeUnknown("Resend answered 200 without an id")
        return Receipt(self.url, number)

    def _build_payload(self, email: Email, tags: Mapping[str, str]) -> dict[str, Any]:
        return {
            "from": join_sender(*split_sender(email.sender or self.sender)),
            "to": [_TEST_RECIPIENT if email.tries else email.to],
            **({"reply_to": email.reply_to} if email.reply_to else {}),
            "subject": email.subject,
            "text": email.text,
            "html": email.html,
            "headers": dict(email.headers),
            **({"attachments": [_build_file(one) for one in email.files]} if email.files else {}),
            "tags": [{"name": name, "value": value} for name, value in tags.items()],
        }

    def _read_refusal(self, answer: HttpResponse, email: Email) -> NotificationError:
        given = answer.json()
        name, message = str(given.get("name") or ""), str(given.get("message") or "")
        line = format_answer(
            "Resend", answer.status, self.secret.cut_from(f"{name} {message}".strip()), email.addresses
        )
        if answer.status >= 500:
            return OutcomeUnknown(line)
        if answer.status == 401 or name == "invalid_api_key" or "api key is invalid" in message.lower():
            self.secret.reread()
            return ProviderUnavailable(line)
        if name == "validation_error" and answer.status == 403:
            return _read_forbidden(message.lower(), line)
        return BY_NAME[name](line) if name in BY_NAME else choose_error(answer.status, line)


def _build_file(one: Attachment) -> dict[str, str]:
    return {"content": b64encode(one.content).decode(), "filename": one.name, "content_type": one.type}


def _read_forbidden(text: str, line: str) -> NotificationError:
    """Classify a 403: until a domain is verified, Resend mails only the account's owner."""
    if "testing emails" in text:
        return RefusedForGood(line, ReasonCode.RECIPIENT_UNVERIFIED)
    return ProviderUnavailable(line)
