"""Simulates Mailgun's Messages API, for one domain in either region.

https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages
"""

from __future__ import annotations

import re
from base64 import b64encode
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast
from urllib.parse import parse_qs

from laptop.providers.provider_simulator import (
    ProviderRequest,
    ProviderResponse,
    RequestRefused,
    SubmittedMail,
    make_id,
)
from laptop.ses.faults import ArmedFaults
from laptop.ses.mailbox import File

__all__ = ["MailgunSimulator"]

_PATH = re.compile(r"/v3/([^/]+)/messages")
#: Maximum size, in bytes, of all options, headers and variables together; see the page above.
_LARGEST_EXTRAS = 16 * 1024


class MailgunSimulator:
    """A Mailgun account with one verified `domain`."""

    name = "mailgun"

    def __init__(self, key: str, domain: str, faults: ArmedFaults) -> None:
        self.key = key
        self.domain = domain
        self.faults = faults

    def is_send(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    def look(self, request: ProviderRequest, webhook: str | None) -> ProviderResponse | None:
        """Answer a request about the domain or its webhooks.

        https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/domain-webhooks
        """
        kinds = ("accepted", "delivered", "temporary_fail", "permanent_fail", "complained")
        answers: dict[str, object] = {
            f"/v4/domains/{self.domain}": {"domain": {"name": self.domain, "state": "active"}},
            f"/v3/domains/{self.domain}/webhooks": {
                "webhooks": {kind: {"urls": [webhook]} for kind in kinds} if webhook else {}
            },
        }
        if request.path not in answers:
            return None
        self._require_key(request)
        return ProviderResponse(200, answers[request.path])

    def _require_key(self, request: ProviderRequest) -> None:
        known = b64encode(f"api:{self.key}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {known}":
            raise RequestRefused(ProviderResponse(401, "Forbidden"))

    def read(self, request: ProviderRequest) -> SubmittedMail:
        self._require_key(request)
        found = _PATH.fullmatch(request.path)
        if found is None or found[1] != self.domain:
            raise RequestRefused(ProviderResponse(404, {"message": "Domain not found"}))
        return self._read_mail(*_read_form(request))

    def _read_mail(self, given: dict[str, str], files: tuple[File, ...]) -> SubmittedMail:
        for name in ("from", "to", "subject"):
            if not given.get(name):
                raise RequestRefused(ProviderResponse(400, {"message": f"'{name}' parameter is missing"}))
        lists = {name: tuple(given[name].split(",")) for name in ("to", "cc", "bcc") if name in given}
        for name, addresses in lists.items():
            if not all(re.fullmatch(r"[^@\s,]+@[^@\s,]+", address) for address in addresses):
                text = f"'{name}' parameter is not a valid address. please check documentation"
                raise RequestRefused(ProviderResponse(400, {"message": text}))
        if not (given.get("text") or given.get("html")):
            raise RequestRefused(
                ProviderResponse(400, {"message": "Need at least one of 'text' or 'html' parameters specified"})
            )
        extras = sum(len(name) + len(value) for name, value in given.items() if name[1:2] == ":")
        if extras > _LARGEST_EXTRAS:
            raise RequestRefused(
                ProviderResponse(400, {"message": "The o:, h:, v: parameters are larger than 16384 bytes"})
            )
        number = f"{make_id()}@{self.domain}"
        return SubmittedMail(
            number,
            given["from"],
            given["to"],
            given["subject"],
            given.get("text"),
            given.get("html"),
            {name[2:]: value for name, value in given.items() if name.startswith("h:")},
            {name[2:]: value for name, value in given.items() if name.startswith("v:")},
            f"<{number}>",
            files=files,
            cc=lists.get("cc", ()),
            bcc=lists.get("bcc", ()),
            # That mails in test mode cause events is guessed, from the flag `is-test-mode` in events.
            # https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/test-mode
            delivered=given.get("o:testmode") not in ("yes", "true"),
        )

    def answer_accepted(self, submitted: SubmittedMail, _request: ProviderRequest) -> ProviderResponse:
        return ProviderResponse(200, {"id": submitted.message_id, "message": "Queued. Thank you."})

    def answer_repeated(self, _request: ProviderRequest) -> ProviderResponse | None:
        """Return None: Mailgun has no idempotency keys."""
        return None

    def answer_throttled(self) -> ProviderResponse:
        return ProviderResponse(429, {"message": "Too many requests"})

    def answer_exhausted(self) -> ProviderResponse:
        """Return the error for an exceeded plan limit; *guessed*, from what Mailgun's support writes about limits."""
        text = f"Domain {self.domain} is not allowed to send: request limit exceeded, try again later"
        return ProviderResponse(403, {"message": text})

    def answer_refused(self, message: str) -> ProviderResponse:
        return ProviderResponse(400, {"message": message})


def _read_form(request: ProviderRequest) -> tuple[dict[str, str], tuple[File, ...]]:
    """Return a form's fields and its files; only a multipart form can have files."""
    media_type = request.headers.get("content-type", "")
    if media_type.startswith("application/x-www-form-urlencoded"):
        fields = parse_qs(request.body.decode(), keep_blank_values=True).items()
        return {name: values[0] for name, values in fields}, ()
    if not media_type.startswith("multipart/form-data"):
        raise RequestRefused(ProviderResponse(400, {"message": "a form is url-encoded, or has parts"}))
    head = f"Content-Type: {media_type}\r\n\r\n".encode()
    form: EmailMessage = message_from_bytes(head + request.body, _class=EmailMessage, policy=policy.HTTP)
    given: dict[str, str] = {}
    files = []
    for part in form.iter_parts():
        # Field names are plain UTF-8: https://www.rfc-editor.org/rfc/rfc7578#section-5.1
        name, filename = (str(part.get_param(key, "", "content-disposition")) for key in ("name", "filename"))
        content = cast("bytes", part.get_payload(decode=True))
        if name == "attachment":
            files.append(File(filename, str(part["Content-Type"]), content))
        else:
            given[name] = content.decode()
    return given, tuple(files)
