"""The headers by which the receiver of a webhook verifies its sender and recognizes repeats. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence

__all__ = ["read_secrets", "sign"]

_PREFIX = "whsec_"
#: Bytes of a symmetric secret, as the specification has it.
_SHORTEST, _LONGEST = 24, 64


def read_secrets(text: str) -> tuple[bytes, ...]:
    """The secrets in a text, newest first, parted by white space or commas, each `whsec_` and base64.

    Raises ValueError, which does not repeat them.
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
    """The headers of the message `id_`, posted at `seconds` (epoch), with a signature by each secret: during a
    rotation there are two, and a receiver that knows either can verify it."""
    content = f"{id_}.{seconds}.".encode() + body
    signatures = (b64encode(hmac.digest(secret, content, "sha256")).decode() for secret in secrets)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
