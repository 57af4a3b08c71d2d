"""Cookies that nobody else can read or write: encrypted and authenticated, each for one purpose and a time.

Fernet: AES-128-CBC with HMAC-SHA-256 and the time of sealing. https://github.com/fernet/spec/blob/master/Spec.md
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webapp.clock import Clock


class Seal:
    """Seals values for one purpose; what was sealed for another does not open. `keys` are newest first."""

    def __init__(self, keys: Callable[[], Sequence[bytes]], purpose: str, clock: Clock) -> None:
        self._keys = keys
        self._purpose = purpose
        self._clock = clock

    def close(self, value: Mapping[str, Any]) -> str:
        """The value, sealed with the newest key."""
        return self._box().encrypt_at_time(json.dumps(value).encode(), self._now()).decode()

    def open(self, sealed: str, seconds: int) -> Mapping[str, Any] | None:
        """What was sealed at most so long ago; None if it was not, or not by us."""
        try:
            value = json.loads(self._box().decrypt_at_time(sealed.encode(), seconds, self._now()))
        except (InvalidToken, ValueError):
            return None
        return dict(value)

    def _box(self) -> MultiFernet:
        return _box(tuple(self._keys()), self._purpose)

    def _now(self) -> int:
        return self._clock() // 1000


@lru_cache(maxsize=16)
def _box(keys: tuple[bytes, ...], purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key, purpose)) for key in keys])


def _derived(key: bytes, purpose: str) -> bytes:
    derived = HKDF(SHA256(), 32, salt=None, info=f"herald {purpose}".encode()).derive(key)
    return base64.urlsafe_b64encode(derived)
