"""What the issuer says of itself: one document, fetched when it is first needed.

https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
"""

import json
import threading
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from webapp import log
from webapp.api.problems import Problem

TIMEOUT_SECONDS: Final = 3.0


class Discovery:
    """The discovery document of one issuer; safe for use by several threads."""

    def __init__(self, issuer: str, url: str) -> None:
        self.issuer = issuer
        self._url = url
        self._document: Mapping[str, Any] | None = None
        self._lock = threading.Lock()

    def endpoint(self, name: str) -> str:
        """An endpoint that every issuer has; raises `Problem` 503 if it cannot be learnt."""
        found = self.offered(name)
        if found is None:
            raise unavailable()
        return found

    def offered(self, name: str) -> str | None:
        """An endpoint that an issuer may have, such as `end_session_endpoint`."""
        value = self._read().get(name)
        return value if isinstance(value, str) else None

    def _read(self) -> Mapping[str, Any]:
        with self._lock:
            if self._document is None:
                self._document = self._fetched()
            return self._document

    def _fetched(self) -> Mapping[str, Any]:
        """The document, if it is that of the issuer in the settings: another one's would mix up two issuers."""
        try:
            with urllib.request.urlopen(self._url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # checked setting
                document = dict(json.load(answer))
        except (OSError, ValueError, TypeError) as error:
            raise unavailable() from error
        if document.get("issuer") != self.issuer:
            log.error("discovery document is of another issuer", wanted=self.issuer)
            raise unavailable()
        return document


def unavailable() -> Problem:
    """503: nobody can be recognised as long as the issuer does not answer."""
    return Problem("unavailable", "The identity provider's keys cannot be fetched.", {"Retry-After": "5"})
