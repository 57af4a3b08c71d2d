"""Mailgun's signature of a webhook: HMAC-SHA256 over a time and a token, both in the body, which it does not cover.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
Whoever has one signature could put it over another body: so a token is good for one body only (`read_token`).
"""

from __future__ import annotations

import hmac
import json

from function.providers.webhooks.request import MalformedWebhook, WebhookRequest, read_seconds

__all__ = ["read_token", "verify_signature"]


def verify_signature(request: WebhookRequest, key: str) -> int | None:
    """When Mailgun signed the request, in epoch seconds; None if it did not. Raises MalformedWebhook for what is not
    shaped as a webhook."""
    signature = _read_signature(request)
    timestamp, token_ = signature.get("timestamp", ""), signature.get("token", "")
    seconds = read_seconds(timestamp)
    if not token_ or seconds is None:
        return None
    wanted = hmac.digest(key.encode(), f"{timestamp}{token_}".encode("utf-8", "replace"), "sha256").hex()
    # An event of a subaccount is signed with the key of the account above it too.
    given = [signature.get(name, "") for name in ("signature", "parent-signature")]
    same = [hmac.compare_digest(wanted.encode(), one.encode("utf-8", "replace")) for one in given]
    return seconds if any(same) else None


def read_token(request: WebhookRequest) -> str:
    """What is good for one webhook only."""
    return _read_signature(request)["token"]


def _read_signature(request: WebhookRequest) -> dict[str, str]:
    try:
        given = json.loads(request.body)["signature"]
        return {name: str(value) for name, value in given.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise MalformedWebhook("no JSON object with a signature") from None
