"""Makes one HTTPS request to a provider, without retries, and reports at which point it failed.

Until the request was written completely nothing was sent, because a request ends where its Content-Length says
(https://www.rfc-editor.org/rfc/rfc9112#section-6.2); after that, without an answer, the outcome is unknown.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from botocore.httpsession import get_cert_path
from urllib3.util.wait import wait_for_read

from function.errors import (
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    ProviderUnreachable,
    RefusedForGood,
    Throttled,
)
from function.providers.redaction import redact
from function.runtime.lean_dataclass import dataclass

__all__ = [
    "CONNECT_TIMEOUT",
    "READ_TIMEOUT",
    "HttpClient",
    "HttpResponse",
    "choose_error",
    "format_answer",
    "make_tls_context",
]

#: In seconds.
CONNECT_TIMEOUT = 2.0
READ_TIMEOUT = 10.0
#: In seconds. As with SES, a connection that idled longer may have died while the sandbox was frozen.
_LONGEST_IDLE = 3.0
#: Most bytes of an answer that are read: answers have a few hundred.
_LARGEST_ANSWER = 65_536
#: Resend refuses requests without one: https://resend.com/docs/api-reference/introduction#user-agent
_USER_AGENT = "herald"


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A provider's answer; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Return the JSON object in the body, or an empty one if there is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class HttpClient:
    """Requests to the provider `name` at `base`, one after another. `clock` returns seconds and must advance while the
    sandbox is frozen; `https` makes the connection if `base` uses TLS."""

    def __init__(
        self,
        name: str,
        base: str,
        read_timeout: float = READ_TIMEOUT,
        clock: Callable[[], float] = time.time,
        https: Callable[..., HTTPConnection] = HTTPSConnection,
    ) -> None:
        parts = urlsplit(base)
        self.name = name
        self.timeout = CONNECT_TIMEOUT + read_timeout
        self._read_timeout = read_timeout
        self._clock = clock
        self._last_use = 0.0
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = make_tls_context()
            self._connection = https(host, parts.port, timeout=CONNECT_TIMEOUT, context=context)
        else:
            self._connection = HTTPConnection(host, parts.port, timeout=CONNECT_TIMEOUT)

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Make the request. Raises ProviderUnreachable or ProviderUnavailable if it was not sent completely, and
        OutcomeUnknown if no answer came."""
        self._connect()
        try:
            self._connection.request("POST", path, body, {"User-Agent": _USER_AGENT, **headers})
        except (OSError, HTTPException, ValueError) as error:
            self._connection.close()
            raise ProviderUnavailable(
                f"the connection to {self.name} broke before it had the mail: {type(error).__name__}"
            ) from None
        try:
            response = self._connection.getresponse()
            return HttpResponse(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(_LARGEST_ANSWER),
            )
        except (OSError, HTTPException, ValueError) as error:
            self._connection.close()
            line = f"the request was sent, but {self.name} gave no clear answer: {type(error).__name__}"
            raise OutcomeUnknown(line) from None
        finally:
            self._last_use = self._clock()

    def _connect(self) -> None:
        """Open a connection, or keep the one that shows no sign of being closed by the other side."""
        connection = self._connection
        idle = self._clock() - self._last_use > _LONGEST_IDLE
        if connection.sock is not None and (idle or wait_for_read(connection.sock, 0)):
            connection.close()
        if connection.sock is not None:
            return
        try:
            connection.connect()
            if connection.sock is not None:
                connection.sock.settimeout(self._read_timeout)
        except (OSError, HTTPException, ValueError) as error:
            connection.close()
            raise ProviderUnreachable(f"{self.name} was not reached: {type(error).__name__}") from None


def make_tls_context() -> ssl.SSLContext:
    """Return a TLS context that trusts the system's certificates and those that botocore includes."""
    context = ssl.create_default_context()
    context.load_verify_locations(get_cert_path(True))
    return context


def choose_error(status: int, line: str) -> NotificationError:
    """Classify a status that the provider's own table does not cover.

    https://www.rfc-editor.org/rfc/rfc9110#section-15: below 500 it refused, from 500 on it may have accepted the mail.
    """
    if status == 429:
        return Throttled(line)
    if status in (400, 413, 422):
        return RefusedForGood(line)
    return ProviderUnavailable(line) if 400 <= status < 500 else OutcomeUnknown(line)


def format_answer(name: str, status: int, text: str, addresses: Iterable[str]) -> str:
    """Describe an answer in one line for an operator, without addresses."""
    return f"{name} answered {status}: {redact(text, addresses)[:200]}".removesuffix(": ")
