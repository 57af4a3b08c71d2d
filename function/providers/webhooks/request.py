"""A vendor's webhook as it reaches `function.webhook`, and what each vendor's folder does with it.

`signature.py` says when the vendor signed it, `events.py` what it reports; both are loaded only for what is configured.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from function.providers.ses.events import Parsed
from function.providers.urls import read_scheme
from function.runtime.lean_dataclass import dataclass

__all__ = ["MalformedWebhook", "VendorWebhook", "WebhookRequest", "open_vendor", "read_seconds"]


class MalformedWebhook(Exception):
    """The body is not shaped as the vendor's page says; the message is one line about where."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request: the names of `headers` are in small letters, `body` is as the vendor wrote it."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class VendorWebhook:
    """What is the vendor's own about its webhooks.

    `verify` checks a signature by a key and gives the epoch seconds at which the request was signed, None if it was
    not; `split` the events in a body; `parse` what one event means for the mail of the provider with that URL.
    `read_token` is set where a signature does not cover the body: what of the request is good for one body only."""

    verify: Callable[[WebhookRequest, str], int | None]
    split: Callable[[bytes], list[dict[str, Any]]]
    parse: Callable[[dict[str, Any], str], Parsed]
    read_token: Callable[[WebhookRequest], str] | None = None


def read_seconds(text: str) -> int | None:
    """Epoch seconds as vendors write them, in digits; None for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def open_vendor(url: str) -> VendorWebhook:
    """The vendor of the provider with that URL. Raises KeyError for a provider without webhooks."""
    return _OPENERS[read_scheme(url)]()


def _open_sendgrid() -> VendorWebhook:
    from function.providers.sendgrid import events, signature  # noqa: PLC0415  only if a URL names it

    return VendorWebhook(signature.verify_signature, events.split, events.parse)


def _open_mailgun() -> VendorWebhook:
    from function.providers.mailgun import events, signature  # noqa: PLC0415  only if a URL names it

    return VendorWebhook(signature.verify_signature, events.split, events.parse, signature.read_token)


def _open_resend() -> VendorWebhook:
    from function.providers.resend import events, signature  # noqa: PLC0415  only if a URL names it

    return VendorWebhook(signature.verify_signature, events.split, events.parse)


_OPENERS: dict[str, Callable[[], VendorWebhook]] = {
    "sendgrid": _open_sendgrid,
    "mailgun": _open_mailgun,
    "mailgun+eu": _open_mailgun,
    "resend": _open_resend,
}
