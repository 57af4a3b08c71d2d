"""The issuer's discovery document, fetched when it is first needed.

https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from webapp import log
from webapp.errors import Unavailable

__all__ = ["TIMEOUT_SECONDS", "Discovery", "issuer_unavailable"]

TIMEOUT_SECONDS: Final = 3.0


class Discovery:
    """The discovery document of one issuer; safe for use by several threads."""

    def __init__(self, issuer: str, url: str) -> None:
        self.issuer = issuer
        self._url = url
        self._document: Mapping[str, Any] | None = None
        self._lock = threading.Lock()

    def endpoint(self, name: str) -> str:
        """An endpoint that every issuer has; raises `Unavailable` if the issuer does not answer."""
        found = self.find_endpoint(name)
        if found is None:
            raise issuer_unavailable()
        return found

    def find_endpoint(self, name: str) -> str | None:
        """An endpoint that an issuer may have, such as `end_session_endpoint`."""
        value = self._read().get(name)
        return value if isinstance(value, str) else None

    def _read(self) -> Mapping[str, Any]:
        with self._lock:
            if self._document is None:
                self._document = self._fetch()
            return self._document

    def _fetch(self) -> Mapping[str, Any]:
        """Fetch the document; refuses that of another issuer than the settings name, which would mix up the two."""
        try:
            with urllib.request.urlopen(self._url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # checked setting
                document = dict(json.load(answer))
        except (OSError, ValueError, TypeError) as error:
            raise issuer_unavailable() from error
        if document.get("issuer") != self.issuer:
            log.error("discovery document is of another issuer", wanted=self.issuer)
            raise issuer_unavailable()
        return document


def issuer_unavailable() -> Unavailable:
    """Nobody can be recognised as long as the issuer does not answer."""
    return Unavailable("The identity provider does not answer.", retry_after=5)
