"""`Idempotency-Key`: a request that is sent again is answered again, not done again.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from webapp.api.problems import Problem

#: How long an answer is kept, in seconds.
KEPT_SECONDS: Final = 24 * 3600

#: A string of structured fields (RFC 9651), or the same without its quotes, as most clients send it.
KEY_PATTERN: Final = r'^("[ !#-\[\]-~]{1,255}"|[!#-+\--:<-~]{1,255})$'
_KEY: Final = re.compile(KEY_PATTERN.rstrip("$"))


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that the transaction takes; `answer` is what a repetition will be told, `expires_at` epoch seconds."""

    key: str
    fingerprint: str
    answer: Mapping[str, Any]
    expires_at: int


@dataclass(frozen=True, slots=True)
class KeyTaken(Exception):
    """The key was used before, for a request of this fingerprint, and this was the answer."""

    fingerprint: str
    answer: Mapping[str, Any]


class KeyInFlight(Exception):
    """Another request with the key is being answered at this moment."""


def key_of(headers: Sequence[str]) -> str | None:
    """The key that the headers name, None without one; raises `Problem` 400 for what is no key."""
    if not headers:
        return None
    match = _KEY.fullmatch(headers[0].strip()) if len(headers) == 1 else None
    if match is None:
        raise Problem(
            "bad-request", 'Idempotency-Key must be one string of 1 to 255 characters, such as "8e03978e-40d5".'
        )
    return match[1].strip('"')


def digest(*parts: str) -> str:
    """A short name for a key, or for what a request asks."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def reused() -> Problem:
    """The key stands for another request already."""
    return Problem("idempotency-key-reused", "This Idempotency-Key was sent before, with another body.")


def in_flight() -> Problem:
    """The first request with the key is not answered yet."""
    return Problem(
        "idempotency-key-in-flight", "The request with this Idempotency-Key is under way.", {"Retry-After": "1"}
    )
