"""The web app's secrets: named by settings, kept in SSM Parameter Store, fetched in one call when first needed.

A key is changed by putting the new one in front of the old one. Processes that are warm learn of it from the first
cookie or link that no key of theirs opens, and of a key that was taken away within five minutes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from webapp import log
from webapp.errors import Misconfigured

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

__all__ = ["FEWEST_BYTES", "ParameterNames", "Secrets"]

T = TypeVar("T")

#: A key of fewer bytes could be guessed.
FEWEST_BYTES: Final = 32
#: Values are read again when they are this old, in seconds, so that a key that was taken away opens nothing any more.
_FRESH_SECONDS: Final = 300.0
#: Whoever sends nonsense makes one process read again so often at most: that many times in so many seconds.
_MOST_REREADS: Final = 3
_REREAD_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class ParameterNames:
    """The parameters' names; `client_secret` is None for a client that keeps none, as PKCE allows."""

    session: str
    link: str
    address: str
    client_secret: str | None = None


class Secrets:
    """Reads the parameters, and again when one may have changed; `clock` counts seconds.

    Each method raises `Misconfigured` if a parameter is missing or too short. A parameter may hold several keys, newest
    first, with spaces between: what the older ones sealed stays readable.
    """

    def __init__(self, ssm: SSMClient, names: ParameterNames, clock: Callable[[], float] = time.monotonic) -> None:
        self._ssm = ssm
        self._names = names
        self._clock = clock
        self._values: Mapping[str, str] | None = None
        self._read_at = 0.0
        self._rereads: deque[float] = deque(maxlen=_MOST_REREADS)
        self._lock = threading.Lock()

    def session(self) -> Sequence[bytes]:
        """What cookies are sealed with."""
        return self._keys(self._names.session)

    def link(self) -> Sequence[bytes]:
        """What unsubscribe links are signed with."""
        return self._keys(self._names.link)

    def address(self) -> Sequence[bytes]:
        """What the ledger's hash of an address is keyed with: the newest writes, all are read."""
        return self._keys(self._names.address)

    def client_secret(self) -> str | None:
        """The client's secret at the issuer, if it has one."""
        return self._value(self._names.client_secret) if self._names.client_secret else None

    def reread(self) -> None:
        """Read the parameters again, unless that was done too often just now; keeps what is known if SSM does not
        answer."""
        with self._lock:
            now = self._clock()
            if len(self._rereads) == _MOST_REREADS and now - self._rereads[0] < _REREAD_SECONDS:
                return
            self._rereads.append(now)
            self._refresh(now)

    def find(self, keys: Callable[[], Sequence[bytes]], attempt: Callable[[Sequence[bytes]], T | None]) -> T | None:
        """What `attempt` makes of the keys; if that is nothing, once more with keys that were changed meanwhile."""
        tried = keys()
        found = attempt(tried)
        if found is None:
            self.reread()
            if (known := keys()) != tried:
                return attempt(known)
        return found

    def _keys(self, name: str) -> Sequence[bytes]:
        keys = [key.encode() for key in self._value(name).split()]
        return keys if keys and min(map(len, keys)) >= FEWEST_BYTES else _refuse(name)

    def _value(self, name: str) -> str:
        value = self._read_known().get(name)
        if not value:
            self.reread()
            value = self._read_known().get(name)
        return value or _refuse(name)

    def _read_known(self) -> Mapping[str, str]:
        with self._lock:
            now = self._clock()
            if self._values is None:
                self._values, self._read_at = self._read(), now
            elif now - self._read_at >= _FRESH_SECONDS:
                self._refresh(now)
            return self._values

    def _refresh(self, now: float) -> None:
        self._read_at = now  # also if it fails: the next attempt is due as late as after a success
        try:
            self._values = self._read()
        except (BotoCoreError, ClientError) as error:
            log.failure("parameters not read again", error)

    def _read(self) -> Mapping[str, str]:
        names = self._names
        wanted = {name for name in (names.session, names.link, names.address, names.client_secret) if name}
        answer = self._ssm.get_parameters(Names=sorted(wanted), WithDecryption=True)
        return {each["Name"]: each["Value"] for each in answer["Parameters"]}


def _refuse(name: str) -> NoReturn:
    log.error("parameter is missing or too short", parameter=name)
    raise Misconfigured("A secret of this app is missing.")
