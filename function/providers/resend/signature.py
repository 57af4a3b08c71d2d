"""Resend's webhook signature, which is Svix's: HMAC-SHA256 over the id, the time and the raw body.

https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests
https://docs.svix.com/receiving/verifying-payloads/how-manual: during a rotation of the secret there are several
signatures.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode

from function.providers.webhooks.request import WebhookRequest, read_seconds

__all__ = ["verify_signature"]

_PREFIX = "whsec_"
#: The prefix of version v1, the symmetric signature.
_VERSION = b"v1,"


def verify_signature(request: WebhookRequest, key: str) -> int | None:
    """Return when Resend signed the request, in epoch seconds; None if it did not.

    `key` is `whsec_` followed by base64. Raises ValueError if it is not.
    """
    secret = b64decode(key.removeprefix(_PREFIX), validate=True)
    headers = request.headers
    id_, timestamp = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
    seconds = read_seconds(timestamp)
    if not id_ or seconds is None:
        return None
    content = f"{id_}.{timestamp}.".encode("utf-8", "replace") + request.body
    wanted = _VERSION + b64encode(hmac.digest(secret, content, "sha256"))
    given = headers.get("svix-signature", "").encode("utf-8", "replace").split()
    return seconds if any(hmac.compare_digest(wanted, one) for one in given) else None
