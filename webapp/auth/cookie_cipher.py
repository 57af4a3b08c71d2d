"""Cookies that only this app can read or write: encrypted and authenticated, each for one purpose and a limited time.

Fernet: AES-128-CBC with HMAC-SHA-256 and the time of encryption. https://github.com/fernet/spec/blob/master/Spec.md
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webapp.auth.secrets import Secrets
from webapp.clock import Clock

__all__ = ["CookieCipher"]


class CookieCipher:
    """Encrypts values for one purpose with the session keys; a value encrypted for another purpose does not decrypt.

    `compressed` is for long text without secrets: the length of compressed text reveals something about its content.
    """

    def __init__(self, secrets: Secrets, purpose: str, clock: Clock, *, compressed: bool = False) -> None:
        self._secrets = secrets
        self._purpose = purpose
        self._clock = clock
        self._compressed = compressed

    def encrypt(self, value: Mapping[str, Any]) -> str:
        """Encrypt the value as text for a cookie, with the newest key."""
        fernet = _make_fernet(tuple(self._secrets.session()), self._purpose)
        return fernet.encrypt_at_time(self._pack(value), self._read_clock()).decode()

    def decrypt(self, encrypted: str, seconds: int) -> Mapping[str, Any] | None:
        """Decrypt the value; None if it was not encrypted here, or more than `seconds` ago."""
        return self._secrets.find(self._secrets.session, lambda keys: self._decrypt(encrypted, seconds, keys))

    def _decrypt(self, encrypted: str, seconds: int, keys: Sequence[bytes]) -> Mapping[str, Any] | None:
        fernet = _make_fernet(tuple(keys), self._purpose)
        try:
            packed = fernet.decrypt_at_time(encrypted.encode(), seconds, self._read_clock())
            return dict(json.loads(zlib.decompress(packed) if self._compressed else packed))
        except (InvalidToken, ValueError):
            return None

    def _pack(self, value: Mapping[str, Any]) -> bytes:
        if not self._compressed:
            return json.dumps(value).encode()
        return zlib.compress(json.dumps(value, ensure_ascii=False).encode(errors="replace"), 9)

    def _read_clock(self) -> int:
        return self._clock() // 1000


@lru_cache(maxsize=16)
def _make_fernet(keys: tuple[bytes, ...], purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key, purpose)) for key in keys])


def _derive(key: bytes, purpose: str) -> bytes:
    derived = HKDF(SHA256(), 32, salt=None, info=f"herald {purpose}".encode()).derive(key)
    return base64.urlsafe_b64encode(derived)
