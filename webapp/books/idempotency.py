"""`Idempotency-Key`: a repeated request gets the first answer and is not executed again.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.errors import InvalidIdempotencyKey

__all__ = ["KEPT_SECONDS", "KEY_PATTERN", "Claim", "KeyTaken", "compute_digest", "parse_key"]

#: How long an answer is kept, in seconds.
KEPT_SECONDS = 24 * 3600

#: A string as in structured fields (RFC 9651), or without quotes, as most clients send it.
KEY_PATTERN = r'^("[ !#-\[\]-~]{1,255}"|[!#-+\--:<-~]{1,255})$'
_KEY = re.compile(KEY_PATTERN.rstrip("$"))


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that the transaction claims; `answer` is returned to a repeated request, `expires_at` is in epoch
    seconds."""

    key: str
    fingerprint: str
    answer: Mapping[str, Any]
    expires_at: int


@dataclass(frozen=True, slots=True)
class KeyTaken(Exception):
    """The key was used before, for a request with this fingerprint and this answer."""

    fingerprint: str
    answer: Mapping[str, Any]


def parse_key(headers: Sequence[str]) -> str | None:
    """Return the key in the headers, None if there is none; raises `InvalidIdempotencyKey` if it is invalid."""
    if not headers:
        return None
    match = _KEY.fullmatch(headers[0].strip()) if len(headers) == 1 else None
    if match is None:
        raise InvalidIdempotencyKey(
            'Idempotency-Key must be one string of 1 to 255 characters, such as "8e03978e-40d5".'
        )
    return match[1].strip('"')


def compute_digest(*parts: str) -> str:
    """Return a short hash of a key or of a request's content."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
