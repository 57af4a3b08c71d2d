"""Simulates Resend's POST /emails: https://resend.com/docs/api-reference/emails/send-email

Errors: https://resend.com/docs/api-reference/errors
Idempotency keys: https://resend.com/docs/dashboard/emails/idempotency-keys
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Collection
from email.utils import parseaddr
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

__all__ = ["ResendSimulator"]

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_LONGEST_KEY = 256


class ResendSimulator:
    """A Resend account with the verified domains `domain` and `also`.

    Idempotency keys are remembered for as long as the simulator runs.
    """

    name = "resend"

    def __init__(self, key: str, domain: str, faults: ArmedFaults) -> None:
        self.key = key
        self.domain = domain
        self.also: Collection[str] = ()
        self.faults = faults
        self._answered: dict[str, tuple[str, ProviderResponse]] = {}

    def is_send(self, path: str) -> bool:
        return path == "/emails"

    def look(self, request: ProviderRequest, webhook: str | None) -> ProviderResponse | None:
        """Answer a request for the list of domains or webhooks.

        https://resend.com/docs/api-reference/webhooks/list-webhooks
        """
        kinds = ("sent", "delivered", "delivery_delayed", "bounced", "complained", "failed", "suppressed")
        hook = {"status": "enabled", "endpoint": webhook, "events": [f"email.{kind}" for kind in kinds]}
        answers: dict[str, list[dict[str, Any]]] = {
            "/domains": [{"name": one, "status": "verified"} for one in (self.domain, *self.also)],
            "/webhooks": [hook] if webhook else [],
        }
        if request.path not in answers:
            return None
        self._require_key(request)
        return ProviderResponse(200, {"object": "list", "has_more": False, "data": answers[request.path]})

    def _require_key(self, request: ProviderRequest) -> None:
        if not request.headers.get("user-agent"):
            raise RequestRefused(ProviderResponse(403, "error code: 1010"))
        if request.headers.get("authorization") != f"Bearer {self.key}":
            raise RequestRefused(_make_error(401, "validation_error", "API key is invalid"))

    def read(self, request: ProviderRequest) -> SubmittedMail:
        self._require_key(request)
        try:
            given = json.loads(request.body)
        except ValueError:
            raise RequestRefused(_make_error(400, "validation_error", "The request body is not JSON.")) from None
        return self._read_mail(given)

    def _read_mail(self, given: dict[str, Any]) -> SubmittedMail:
        for name in ("from", "to", "subject"):
            if not given.get(name):
                raise RequestRefused(_make_error(422, "missing_required_field", f"Missing `{name}` field."))
        address = parseaddr(str(given["from"]))[1]
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
            raise RequestRefused(_make_error(422, "invalid_from_address", "Invalid `from` field."))
        if address.rpartition("@")[2] not in {self.domain, *self.also}:
            text = f"The {address.rpartition('@')[2]} domain is not verified. Please, add and verify your domain"
            raise RequestRefused(_make_error(403, "validation_error", text))
        to = given["to"][0] if isinstance(given["to"], list) else given["to"]
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", str(to)):
            raise RequestRefused(_make_error(422, "validation_error", "Invalid `to` field."))
        tags = {str(tag.get("name")): str(tag.get("value")) for tag in given.get("tags") or []}
        if not all(map(_TAG.fullmatch, [*tags, *tags.values()])):
            text = "Tags should only contain ASCII letters, numbers, underscores, or dashes."
            raise RequestRefused(_make_error(422, "validation_error", text))
        headers = dict(given.get("headers") or {})
        if reply_to := given.get("reply_to"):
            headers["Reply-To"] = str(reply_to[0] if isinstance(reply_to, list) else reply_to)
        number = make_id()
        return SubmittedMail(
            number,
            str(given["from"]),
            str(to),
            str(given["subject"]),
            given.get("text"),
            given.get("html"),
            headers,
            tags,
            f"<{number}@eu-west-1.amazonses.com>",
            own_message_id=True,  # guessed: Resend sends through SES, which sets its own
            files=tuple(map(_read_file, given.get("attachments") or [])),
        )

    def answer_accepted(self, submitted: SubmittedMail, request: ProviderRequest) -> ProviderResponse:
        answer = ProviderResponse(200, {"id": submitted.id})
        if key := self._read_key(request):
            self._answered[key] = (hashlib.sha256(request.body).hexdigest(), answer)
        return answer

    def answer_repeated(self, request: ProviderRequest) -> ProviderResponse | None:
        """Return the first answer to a repeated request, 409 if its key had another body, None for a new key."""
        known = self._answered.get(self._read_key(request))
        if known is None:
            return None
        if known[0] == hashlib.sha256(request.body).hexdigest():
            return known[1]
        text = "This idempotency key has been used with a different request body within the last 24 hours."
        return _make_error(409, "invalid_idempotent_request", text)

    @staticmethod
    def _read_key(request: ProviderRequest) -> str:
        key = request.headers.get("idempotency-key", "")
        if len(key) > _LONGEST_KEY:
            text = "Idempotency keys, if present, must have between 1 and 256 characters."
            raise RequestRefused(_make_error(400, "invalid_idempotency_key", text))
        return key

    def answer_throttled(self) -> ProviderResponse:
        text = "Too many requests. You can only make 2 requests per second."
        return _make_error(429, "rate_limit_exceeded", text)

    def answer_exhausted(self) -> ProviderResponse:
        return _make_error(429, "daily_quota_exceeded", "You have reached your daily email sending quota.")

    def answer_refused(self, message: str) -> ProviderResponse:
        return _make_error(422, "validation_error", message)


def _read_file(given: dict[str, str]) -> File:
    try:
        content = base64.b64decode(given["content"], validate=True)
        return File(given["filename"], given.get("content_type") or "application/octet-stream", content)
    except (KeyError, ValueError):
        text = "Attachment must have either a `content` or `path`."
        raise RequestRefused(_make_error(422, "invalid_attachment", text)) from None


def _make_error(status: int, name: str, message: str) -> ProviderResponse:
    return ProviderResponse(status, {"statusCode": status, "name": name, "message": message})
