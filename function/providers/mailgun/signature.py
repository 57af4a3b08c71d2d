"""Mailgun's webhook signature: HMAC-SHA256 over a time and a token in the body, but not over the body itself.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
Anyone who has one signature could use it for another body, so each token is accepted for one body only (`read_token`).
"""

from __future__ import annotations

import hmac
import json

from function.providers.webhooks.request import MalformedWebhook, WebhookRequest, read_seconds

__all__ = ["read_token", "verify_signature"]


def verify_signature(request: WebhookRequest, key: str) -> int | None:
    """Return when Mailgun signed the request, in epoch seconds; None if it did not. Raises MalformedWebhook if the body
    is not a webhook's."""
    signature = _read_signature(request)
    timestamp, token_ = signature.get("timestamp", ""), signature.get("token", "")
    seconds = read_seconds(timestamp)
    if not token_ or seconds is None:
        return None
    wanted = hmac.digest(key.encode(), f"{timestamp}{token_}".encode("utf-8", "replace"), "sha256").hex()
    # A subaccount's event is also signed with the parent account's key.
    given = [signature.get(name, "") for name in ("signature", "parent-signature")]
    same = [hmac.compare_digest(wanted.encode(), one.encode("utf-8", "replace")) for one in given]
    return seconds if any(same) else None


def read_token(request: WebhookRequest) -> str:
    """Return the token, which is valid for one webhook only."""
    return _read_signature(request)["token"]


def _read_signature(request: WebhookRequest) -> dict[str, str]:
    try:
        given = json.loads(request.body)["signature"]
        return {name: str(value) for name, value in given.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise MalformedWebhook("no JSON object with a signature") from None
