"""A repeated request with the same key gets the first answer and is not executed again.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["KEPT_SECONDS", "Claim", "KeyTaken", "compute_digest"]

#: How long an answer is kept, in seconds.
KEPT_SECONDS = 24 * 3600


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


def compute_digest(*parts: str) -> str:
    """Return a short hash of a key or of a request's content."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
