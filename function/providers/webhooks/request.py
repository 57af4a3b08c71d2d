"""A provider's webhook request as `function.webhook` receives it, and the functions that each provider's folder has.

`signature.py` verifies when the provider signed it, `events.py` interprets it; both are loaded only for configured
providers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from function.providers.ses.events import Parsed
from function.providers.urls import read_scheme
from function.runtime.lean_dataclass import dataclass

__all__ = ["MalformedWebhook", "ProviderWebhook", "WebhookRequest", "open_webhook", "read_seconds"]


class MalformedWebhook(Exception):
    """The body does not have the format that the provider documents; the message is one line that says where."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request: the names of `headers` are in lower case, `body` is the raw body."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ProviderWebhook:
    """The provider-specific part of webhooks.

    `verify` checks a signature with a key and returns when the request was signed, in epoch seconds, or None if it was
    not; `split` returns the events in a body; `parse` interprets one event for the provider with that URL. `read_token`
    is set if the signature does not cover the body: it returns the token that is valid for one body only.
    """

    verify: Callable[[WebhookRequest, str], int | None]
    split: Callable[[bytes], list[dict[str, Any]]]
    parse: Callable[[dict[str, Any], str], Parsed]
    read_token: Callable[[WebhookRequest], str] | None = None


def read_seconds(text: str) -> int | None:
    """Parse epoch seconds written in digits; None for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def open_webhook(url: str) -> ProviderWebhook:
    """Return how the provider with that URL signs and reports. Raises KeyError for a provider without webhooks."""
    return _OPENERS[read_scheme(url)]()


def _open_sendgrid() -> ProviderWebhook:
    from function.providers.sendgrid import events, signature  # noqa: PLC0415  only if a URL names it

    return ProviderWebhook(signature.verify_signature, events.split, events.parse)


def _open_mailgun() -> ProviderWebhook:
    from function.providers.mailgun import events, signature  # noqa: PLC0415  only if a URL names it

    return ProviderWebhook(signature.verify_signature, events.split, events.parse, signature.read_token)


def _open_resend() -> ProviderWebhook:
    from function.providers.resend import events, signature  # noqa: PLC0415  only if a URL names it

    return ProviderWebhook(signature.verify_signature, events.split, events.parse)


_OPENERS: dict[str, Callable[[], ProviderWebhook]] = {
    "sendgrid": _open_sendgrid,
    "mailgun": _open_mailgun,
    "mailgun+eu": _open_mailgun,
    "resend": _open_resend,
}
