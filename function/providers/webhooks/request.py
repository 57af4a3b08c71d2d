"""A vendor's webhook as it reaches `function.webhook`, and what each vendor's folder does with it.

`signature.py` says when the vendor signed it, `events.py` what it reports; both are loaded only for what is configured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from function.providers.ses.events import Parsed
from function.providers.urls import scheme_of
from function.runtime.lean_dataclass import dataclass

__all__ = ["MalformedWebhook", "Vendor", "WebhookRequest", "open_vendor", "read_seconds"]


class MalformedWebhook(Exception):
    """The body is not shaped as the vendor's page says; the message is one line about where."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request: the names of `headers` are in small letters, `body` is as the vendor wrote it."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Vendor:
    """What is the vendor's own about its webhooks.

    `signed_at` gives the epoch seconds at which the request was signed with a key, None if it was not; `split` the
    events in a body; `parse` what one event means for the mail of the provider with that URL. `token` is set where a
    signature does not cover the body: what of the request is good for one body only.
    """

    signed_at: Callable[[WebhookRequest, str], int | None]
    split: Callable[[bytes], list[dict[str, Any]]]
    parse: Callable[[dict[str, Any], str], Parsed]
    token: Callable[[WebhookRequest], str] | None = None


def read_seconds(text: str) -> int | None:
    """Epoch seconds as vendors write them, in digits; None for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def open_vendor(url: str) -> Vendor:
    """The vendor of the provider with that URL. Raises KeyError for a provider without webhooks."""
    return _OPENERS[scheme_of(url)]()


def _open_sendgrid() -> Vendor:
    from function.providers.sendgrid import events, signature  # noqa: PLC0415  only if a URL names it

    return Vendor(signature.signed_at, events.split, events.parse)


def _open_mailgun() -> Vendor:
    from function.providers.mailgun import events, signature  # noqa: PLC0415  only if a URL names it

    return Vendor(signature.signed_at, events.split, events.parse, signature.token)


def _open_resend() -> Vendor:
    from function.providers.resend import events, signature  # noqa: PLC0415  only if a URL names it

    return Vendor(signature.signed_at, events.split, events.parse)


_OPENERS: dict[str, Callable[[], Vendor]] = {
    "sendgrid": _open_sendgrid,
    "mailgun": _open_mailgun,
    "mailgun+eu": _open_mailgun,
    "resend": _open_resend,
}
