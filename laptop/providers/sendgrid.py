"""Simulates SendGrid's Mail Send: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send

Errors: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from typing import Any

from laptop.providers.provider_simulator import (
    ProviderRequest,
    ProviderResponse,
    RequestRefused,
    SubmittedMail,
    make_id,
)
from laptop.ses.faults import ArmedFaults
from laptop.ses.mailbox import File

__all__ = ["SendGridSimulator"]

_PATH = "/v3/mail/send"
#: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors#headers-errors
_RESERVED = frozenset(
    {
        "bcc",
        "cc",
        "content-transfer-encoding",
        "content-type",
        "dkim-signature",
        "from",
        "received",
        "reply-to",
        "subject",
        "to",
        "x-sg-eid",
        "x-sg-id",
    }
)
_LARGEST_ARGUMENTS = 10_000


class SendGridSimulator:
    """A SendGrid account with the verified sender domains `domain` and `also`."""

    name = "sendgrid"

    def __init__(self, key: str, domain: str, faults: ArmedFaults) -> None:
        self.key = key
        self.domain = domain
        self.also: Collection[str] = ()
        self.faults = faults

    def is_send(self, path: str) -> bool:
        return path == _PATH

    def look(self, request: ProviderRequest, webhook: str | None) -> ProviderResponse | None:
        """Answer a request about scopes, domains or event webhooks.

        https://www.twilio.com/docs/sendgrid/api-reference/webhooks/get-all-event-webhooks
        """
        events = dict.fromkeys(("processed", "delivered", "deferred", "bounce", "dropped", "spam_report"), True)
        hook = {"enabled": True, "url": webhook, "public_key": "of the laptop", **events}
        answers: dict[str, object] = {
            "/v3/scopes": {"scopes": ["mail.send"]},
            "/v3/whitelabel/domains": [{"domain": one, "valid": True} for one in (self.domain, *self.also)],
            "/v3/user/webhooks/event/settings/all": {"max_allowed": 5, "webhooks": [hook] if webhook else []},
        }
        if request.path not in answers:
            return None
        self._require_key(request)
        return ProviderResponse(200, answers[request.path])

    def _require_key(self, request: ProviderRequest) -> None:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            raise RequestRefused(_make_error(401, "The provided authorization grant is invalid, expired, or revoked"))

    def read(self, request: ProviderRequest) -> SubmittedMail:
        self._require_key(request)
        try:
            given = json.loads(request.body)
        except ValueError:
            raise RequestRefused(_make_error(400, "Bad Request")) from None
        return self._read_mail(given)

    def _read_mail(self, given: dict[str, Any]) -> SubmittedMail:
        personalizations = given.get("personalizations") or []
        recipients = personalizations[0].get("to") if personalizations else None
        if not recipients or "@" not in str(recipients[0].get("email")):
            raise RequestRefused(_make_error(400, "Does not contain a valid address.", "personalizations.0.to.0.email"))
        cc, bcc = (_read_addresses(personalizations[0], name) for name in ("cc", "bcc"))
        if len({address.lower() for address in (recipients[0]["email"], *cc, *bcc)}) < 1 + len(cc) + len(bcc):
            text = "Each email address in the personalization block should be unique between to, cc, and bcc."
            raise RequestRefused(_make_error(400, text, "personalizations"))
        sender = given.get("from") or {}
        if str(sender.get("email", "")).rpartition("@")[2] not in {self.domain, *self.also}:
            text = "The from address does not match a verified Sender Identity."
            raise RequestRefused(_make_error(403, text, "from"))
        content = {part.get("type"): part.get("value") for part in given.get("content") or []}
        if not given.get("subject") or not all(content.values()):
            raise RequestRefused(
                _make_error(400, "The content value must be a string at least one character in length.", "content")
            )
        headers, arguments = dict(given.get("headers") or {}), given.get("custom_args") or {}
        if bad := sorted(_RESERVED & {name.lower() for name in headers}):
            raise RequestRefused(_make_error(400, f"The header {bad[0]} is a reserved header.", "headers"))
        if reply_to := (given.get("reply_to") or {}).get("email"):
            headers["Reply-To"] = str(reply_to)
        if not all(isinstance(value, str) for value in arguments.values()):
            raise RequestRefused(_make_error(400, "The custom_args values must be strings.", "custom_args"))
        if len(json.dumps(arguments)) > _LARGEST_ARGUMENTS:
            raise RequestRefused(_make_error(400, "The custom_args are larger than 10,000 bytes.", "custom_args"))
        number = make_id()
        name = str(sender.get("name") or "")
        return SubmittedMail(
            number,
            f"{name} <{sender['email']}>" if name else str(sender["email"]),
            str(recipients[0]["email"]),
            str(given["subject"]),
            content.get("text/plain"),
            content.get("text/html"),
            headers,
            arguments,
            f"<{number}@geopod-ismtpd-1>",
            files=tuple(map(_read_file, given.get("attachments") or [])),
            cc=cc,
            bcc=bcc,
        )

    def answer_accepted(self, submitted: SubmittedMail, _request: ProviderRequest) -> ProviderResponse:
        """Return 202 without a body: *queued to be delivered*."""
        return ProviderResponse(202, "", {"X-Message-Id": submitted.id})

    def answer_repeated(self, _request: ProviderRequest) -> ProviderResponse | None:
        """Return None: SendGrid has no idempotency keys."""
        return None

    def answer_throttled(self) -> ProviderResponse:
        """Return the answer to a request over the rate limit.

        https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits
        """
        return _make_error(429, "too many requests")

    def answer_exhausted(self) -> ProviderResponse:
        """Return the answer for an account that has used up its credits.

        https://support.sendgrid.com/hc/en-us/articles/1260807146429
        """
        return _make_error(401, "Maximum credits exceeded")

    def answer_refused(self, message: str) -> ProviderResponse:
        return _make_error(400, message, "content")


def _read_addresses(given: dict[str, Any], name: str) -> tuple[str, ...]:
    """Return the addresses of a field such as `cc`. Raises `RequestRefused` if one is invalid, or if the field is
    empty.

    https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors#personalizations-errors
    """
    found = tuple(str(one.get("email")) for one in given.get(name, ()))
    if (name in given and not found) or not all("@" in address for address in found):
        raise RequestRefused(_make_error(400, "Does not contain a valid address.", f"personalizations.0.{name}"))
    return found


def _read_file(given: dict[str, str]) -> File:
    """Decode an attachment. Raises `RequestRefused` if a field is missing or invalid.

    https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors#attachments-errors
    """
    if not given.get("filename") or not given.get("content"):
        raise RequestRefused(_make_error(400, "The attachment must have a filename and content.", "attachments"))
    if any(character in given.get("type", "") for character in ";\r\n"):
        raise RequestRefused(
            _make_error(400, "The type of the attachment cannot contain ';', or CRLF characters.", "attachments")
        )
    try:
        return File(given["filename"], given["type"], base64.b64decode(given["content"], validate=True))
    except ValueError:
        text = "The attachment content must be base64 encoded."
        raise RequestRefused(_make_error(400, text, "attachments.0.content")) from None


def _make_error(status: int, message: str, field: str | None = None) -> ProviderResponse:
    return ProviderResponse(status, {"errors": [{"message": message, "field": field, "help": None}]})
