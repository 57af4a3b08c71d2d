"""The web app's secrets, kept in SSM Parameter Store under configured names and fetched in one call when first needed.

To rotate a key, put the new one before the old one. A running process notices a new key at the first cookie or link
that its own keys do not open, and a removed key within five minutes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from webapp import deadline, log
from webapp.errors import Misconfigured

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

__all__ = ["FEWEST_BYTES", "REREAD_PATIENCE_SECONDS", "ParameterNames", "Secrets"]

T = TypeVar("T")

#: Fewest bytes of a key: a shorter one could be guessed.
FEWEST_BYTES = 32
#: Values are read again at this age, in seconds, so that a removed key no longer opens anything.
_FRESH_SECONDS = 300.0
#: Most reads of one process within the following number of seconds, however many forged requests come.
_MOST_REREADS = 3
_REREAD_SECONDS = 30.0
#: How long a request that has old values waits for new ones: most of its time is reserved for its actual work.
REREAD_PATIENCE_SECONDS = 1.0 * deadline.FACTOR


@dataclass(frozen=True, slots=True)
class ParameterNames:
    """The parameters' names; `client_secret` is None for a public client, as PKCE allows."""

    session: str
    link: str
    address: str
    client_secret: str | None = None


class Secrets:
    """Reads the parameters, and reads them again when one may have changed; `clock` returns seconds.

    Each method raises `Misconfigured` if a parameter is missing or too short. A parameter may contain several keys,
    newest first, separated by spaces: what the older ones encrypted or signed remains valid.
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
        """The keys that cookies are encrypted with."""
        return self._read_keys(self._names.session)

    def link(self) -> Sequence[bytes]:
        """The keys that unsubscribe links are signed with."""
        return self._read_keys(self._names.link)

    def address(self) -> Sequence[bytes]:
        """The keys with which the ledger hashes addresses: the newest for writing, all for reading."""
        return self._read_keys(self._names.address)

    def client_secret(self) -> str | None:
        """The client's secret at the issuer, if it has one."""
        return self._read_value(self._names.client_secret) if self._names.client_secret else None

    def reread(self) -> None:
        """Read the parameters again, unless that was done too often recently; keeps the known values if SSM does not
        answer."""
        with self._lock:
            now = self._clock()
            if len(self._rereads) == _MOST_REREADS and now - self._rereads[0] < _REREAD_SECONDS:
                return
            self._rereads.append(now)
            self._refresh(now)

    def find(self, keys: Callable[[], Sequence[bytes]], attempt: Callable[[Sequence[bytes]], T | None]) -> T | None:
        """Return the result of `attempt` with the keys; if it is None, try once more with the current keys if they have
        changed."""
        tried = keys()
        found = attempt(tried)
        if found is None:
            self.reread()
            if (known := keys()) != tried:
                return attempt(known)
        return found

    def _read_keys(self, name: str) -> Sequence[bytes]:
        return [key.encode() for key in self._read_value(name, _are_keys).split()]

    def _read_value(self, name: str, is_right: Callable[[str], bool] = bool) -> str:
        """Return the parameter's value; reads again if it is missing or invalid."""
        value = self._read_known().get(name, "")
        if not is_right(value):
            self.reread()
            value = self._read_known().get(name, "")
        return value if is_right(value) else _refuse(name)

    def _read_known(self) -> Mapping[str, str]:
        """Return the known values, reading them first if there are none; one caller refreshes old values, and the
        others do not wait."""
        if self._values is None:
            with self._lock:
                if self._values is None:
                    self._values, self._read_at = self._read(), self._clock()
        elif self._is_old() and self._lock.acquire(blocking=False):
            try:
                if self._is_old():
                    self._refresh(self._clock())
            finally:
                self._lock.release()
        return self._values

    def _is_old(self) -> bool:
        return self._clock() - self._read_at >= _FRESH_SECONDS

    def _refresh(self, now: float) -> None:
        """Read the values again within the time that a request can spare; keeps the known values if that fails."""
        self._read_at = now  # also if it fails: the next attempt is due no sooner than after a success
        try:
            self._values = deadline.call_within(deadline.get_remaining(REREAD_PATIENCE_SECONDS), self._read)
        except (BotoCoreError, ClientError, TimeoutError) as error:
            log.failure("parameters not read again", error)

    def _read(self) -> Mapping[str, str]:
        names = self._names
        wanted = {name for name in (names.session, names.link, names.address, names.client_secret) if name}
        answer = self._ssm.get_parameters(Names=sorted(wanted), WithDecryption=True)
        return {each["Name"]: each["Value"] for each in answer["Parameters"]}


def _are_keys(value: str) -> bool:
    keys = value.split()
    return bool(keys) and min(len(key.encode()) for key in keys) >= FEWEST_BYTES


def _refuse(name: str) -> NoReturn:
    log.error("parameter is missing or too short", parameter=name)
    raise Misconfigured("A secret of this app is missing.")
