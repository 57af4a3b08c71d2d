"""Which providers report by webhook, and how each of them does.

In a provider's folder, `signature.py` verifies when the provider signed a request and `events.py` interprets it; both
are loaded only for configured providers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from function.providers.ses.events import Ignored, Parsed
from function.providers.urls import read_scheme
from function.providers.webhooks.request import WebhookRequest
from function.runtime.lean_dataclass import dataclass

__all__ = ["ProviderWebhook", "open_envelope", "open_webhook"]


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


def open_envelope(body: str) -> Parsed:
    """Interpret a queued event of a provider."""
    try:
        envelope = json.loads(body)
        return open_webhook(envelope["webhook"]).parse(envelope["event"], envelope["webhook"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Ignored("not an event of a provider")


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
