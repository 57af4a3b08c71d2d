"""SendGrid's webhook signature: ECDSA over the time and the raw body, with the key shown in its settings.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

from __future__ import annotations

from base64 import b64decode

from function.providers.sendgrid.p256 import read_public_key, verify
from function.providers.webhooks.request import WebhookRequest, read_seconds

__all__ = ["verify_signature"]

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"


def verify_signature(request: WebhookRequest, key: str) -> int | None:
    """Return when SendGrid signed the request, in epoch seconds; None if it did not.

    `key` is the base64 of a SubjectPublicKeyInfo. Raises ValueError if it is not a P-256 key.
    """
    public = read_public_key(b64decode(key, validate=True))
    timestamp = request.headers.get(_TIMESTAMP, "")
    seconds = read_seconds(timestamp)
    try:
        signature = b64decode(request.headers.get(_SIGNATURE, ""), validate=True)
    except ValueError:
        return None
    if seconds is None:
        return None
    return seconds if verify(public, timestamp.encode() + request.body, signature) else None
