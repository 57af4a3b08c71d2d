"""Cookies that nobody else can read or write: encrypted and authenticated, each for one purpose and a time.

Fernet: AES-128-CBC with HMAC-SHA-256 and the time of sealing. https://github.com/fernet/spec/blob/master/Spec.md
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webapp.clock import Clock

__all__ = ["CookieCipher"]


class CookieCipher:
    """Encrypts values for one purpose; a value encrypted for another does not decrypt. `keys` are newest first."""

    def __init__(self, keys: Callable[[], Sequence[bytes]], purpose: str, clock: Clock) -> None:
        self._keys = keys
        self._purpose = purpose
        self._clock = clock

    def encrypt(self, value: Mapping[str, Any]) -> str:
        """The value as text for a cookie, encrypted with the newest key."""
        return self._fernet().encrypt_at_time(json.dumps(value).encode(), self._now()).decode()

    def decrypt(self, encrypted: str, seconds: int) -> Mapping[str, Any] | None:
        """The value, if it was encrypted here and at most so many seconds ago; else None."""
        try:
            value = json.loads(self._fernet().decrypt_at_time(encrypted.encode(), seconds, self._now()))
        except (InvalidToken, ValueError):
            return None
        return dict(value)

    def _fernet(self) -> MultiFernet:
        return _fernet(tuple(self._keys()), self._purpose)

    def _now(self) -> int:
        return self._clock() // 1000


@lru_cache(maxsize=16)
def _fernet(keys: tuple[bytes, ...], purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key, purpose)) for key in keys])


def _derive(key: bytes, purpose: str) -> bytes:
    derived = HKDF(SHA256(), 32, salt=None, info=f"herald {purpose}".encode()).derive(key)
    return base64.urlsafe_b64encode(derived)
