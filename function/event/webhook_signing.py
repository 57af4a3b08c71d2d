"""The headers by which a webhook's receiver verifies the sender and recognizes repeats. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence

__all__ = ["read_secrets", "sign"]

_PREFIX = "whsec_"
#: Bytes of a symmetric secret, by the specification.
_SHORTEST, _LONGEST = 24, 64


def read_secrets(text: str) -> tuple[bytes, ...]:
    """Parse secrets, newest first, separated by white space or commas, each `whsec_` followed by base64.

    Raises ValueError, whose message does not repeat them.
    """
    found = []
    for one in filter(None, re.split(r"[\s,]+", text)):
        try:
            secret = b64decode(one.removeprefix(_PREFIX), validate=True)
        except ValueError:
            secret = b""
        if not one.startswith(_PREFIX) or not _SHORTEST <= len(secret) <= _LONGEST:
            raise ValueError(f"a secret is {_PREFIX} and the base64 of {_SHORTEST} to {_LONGEST} bytes")
        found.append(secret)
    if not found:
        raise ValueError("there is no secret")
    return tuple(found)


def sign(id_: str, seconds: int, body: bytes, secrets: Sequence[bytes]) -> dict[str, str]:
    """Return the headers of the message `id_`, posted at `seconds` (epoch), with one signature for each secret: during
    a rotation there are two, and a receiver that knows either secret can verify the message."""
    content = f"{id_}.{seconds}.".encode() + body
    signatures = (b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
