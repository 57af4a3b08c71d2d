"""The issuer's discovery document and signing keys, fetched when needed and then cached.

https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import jwt

from webapp import deadline, log
from webapp.errors import Unavailable

__all__ = ["TIMEOUT_SECONDS", "Discovery", "IssuerKeys", "make_issuer_unavailable"]

T = TypeVar("T")

#: Timeout of the issuer's answer.
TIMEOUT_SECONDS = 3.0 * deadline.FACTOR
#: A document is not fetched again until it is this old, in seconds.
_FRESH_SECONDS = 300.0
#: It remains usable for this long, in seconds, while the issuer does not answer. A revoked key is trusted no longer
#: than that.
_STALE_SECONDS = 3600.0
#: Seconds without another attempt after a failed one.
_REST_SECONDS = 5.0
#: How often a token with an unknown key id causes the keys to be fetched again, at most.
_UNKNOWN_KEY_SECONDS = 30.0
_MOST_BYTES = 1_000_000


class _CachedDocument(Generic[T]):
    """A cached document of the issuer: one caller fetches it, the others use the cached one or wait."""

    def __init__(self, fetch: Callable[[], T], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._value: T | None = None
        self._fetched_at = self._failed_at = float("-inf")
        self._lock = threading.Lock()

    def get(self, fresh_seconds: float = _FRESH_SECONDS) -> T:
        """Return the document, at most `fresh_seconds` old, or up to an hour old if the issuer does not answer; else
        raises `Unavailable`."""
        if self._value is not None and self._compute_age() < fresh_seconds:
            return self._value
        is_usable = self._is_usable()
        patience = 0.0 if is_usable else deadline.get_remaining(TIMEOUT_SECONDS + 1)
        if self._lock.acquire(timeout=patience):
            try:
                self._refresh(fresh_seconds)
            finally:
                self._lock.release()
        if self._value is None or not self._is_usable():
            raise make_issuer_unavailable()
        return self._value

    def _refresh(self, fresh_seconds: float) -> None:
        now = self._clock()
        if now - self._failed_at < _REST_SECONDS or (self._value is not None and self._compute_age() < fresh_seconds):
            return  # another thread has just tried
        try:
            self._value, self._fetched_at = self._fetch(), self._clock()
        except Unavailable:
            self._failed_at = self._clock()

    def _compute_age(self) -> float:
        return self._clock() - self._fetched_at

    def _is_usable(self) -> bool:
        return self._value is not None and self._compute_age() < _STALE_SECONDS


class Discovery:
    """The discovery document of one issuer; thread-safe. `clock` returns seconds."""

    def __init__(self, issuer: str, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.issuer = issuer
        self._url = url
        self._document = _CachedDocument(self._fetch, clock)

    def endpoint(self, name: str) -> str:
        """Return an endpoint that every issuer has; raises `Unavailable` if the issuer does not answer."""
        found = self.find_endpoint(name)
        if found is None:
            raise make_issuer_unavailable()
        return found

    def find_endpoint(self, name: str) -> str | None:
        """Return an optional endpoint, such as `end_session_endpoint`, or None."""
        value = self._document.get().get(name)
        schemes = {"https", urlsplit(self._url).scheme}
        return value if isinstance(value, str) and value.partition("://")[0] in schemes else None

    def offers(self, name: str, value: str) -> bool:
        """Whether the document lists this value under this name, such as an authentication method."""
        listed = self._document.get().get(name)
        return isinstance(listed, list) and value in listed

    def _fetch(self) -> Mapping[str, Any]:
        """Fetch the document; rejects one of another issuer than the configured one, to prevent a mix-up."""
        document = _fetch_json(self._url)
        if document.get("issuer") != self.issuer:
            log.error("discovery document is of another issuer", wanted=self.issuer)
            raise make_issuer_unavailable()
        return document


class IssuerKeys:
    """The keys that an issuer signs with. An unknown key id causes them to be fetched again, at most every 30 seconds:
    a rotated key is found, and forged key ids do not burden the issuer."""

    def __init__(self, discovery: Discovery, clock: Callable[[], float] = time.monotonic) -> None:
        self._discovery = discovery
        self._keys = _CachedDocument(self._fetch, clock)

    def get(self) -> Sequence[jwt.PyJWK]:
        """Return all keys; raises `Unavailable` if they are not known and the issuer does not answer."""
        return self._keys.get()

    def find(self, key_id: str | None) -> jwt.PyJWK | None:
        """Return the key with this id, or the only key if the token names none; raises as `get` does.

        https://openid.net/specs/openid-connect-core-1_0.html#Signing
        """
        if key_id is None:
            keys = self._keys.get()
            return keys[0] if len(keys) == 1 else None
        return _find_key(self._keys.get(), key_id) or _find_key(self._keys.get(_UNKNOWN_KEY_SECONDS), key_id)

    def _fetch(self) -> Sequence[jwt.PyJWK]:
        document = _fetch_json(self._discovery.endpoint("jwks_uri"))
        try:
            keys = jwt.PyJWKSet.from_dict(dict(document)).keys
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError) as error:
            log.failure("the issuer's keys cannot be read", error)
            raise make_issuer_unavailable() from error
        return [key for key in keys if key.public_key_use in {"sig", None}]


def make_issuer_unavailable() -> Unavailable:
    """Return the error for a caller who cannot be authenticated because the issuer does not answer."""
    return Unavailable("The identity provider does not answer.", retry_after=5)


def _find_key(keys: Sequence[jwt.PyJWK], key_id: str) -> jwt.PyJWK | None:
    return next((key for key in keys if key.key_id == key_id), None)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Do not follow redirects: an issuer's document must be at the URL that the issuer names."""


def _fetch_json(url: str) -> Mapping[str, Any]:
    try:
        return deadline.call_within(deadline.get_remaining(TIMEOUT_SECONDS), lambda: _read_json(url))
    except (OSError, http.client.HTTPException, RecursionError, TypeError, ValueError) as error:
        log.failure("issuer does not answer", error)
        raise make_issuer_unavailable() from error


def _read_json(url: str) -> Mapping[str, Any]:
    opener = urllib.request.build_opener(_NoRedirect())
    with opener.open(url, timeout=TIMEOUT_SECONDS) as answer:
        return dict(json.loads(answer.read(_MOST_BYTES)))
