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
from typing import TYPE_CHECKING, NoReturn, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from webapp import deadline, log
from webapp.errors import Misconfigured

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

__all__ = ["FEWEST_BYTES", "REREAD_PATIENCE_SECONDS", "ParameterNames", "Secrets"]

T = TypeVar("T")

#: A key of fewer bytes could be guessed.
FEWEST_BYTES = 32
#: Values are read again when they are this old, in seconds, so that a key that was taken away opens nothing any more.
_FRESH_SECONDS = 300.0
#: At most so many reads in so many seconds for one process, however many forged requests come.
_MOST_REREADS = 3
_REREAD_SECONDS = 30.0
#: For new values a request that has old ones waits so long: most of its time is for what it was sent for.
REREAD_PATIENCE_SECONDS = 1.0 * deadline.FACTOR


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
        return self._read_keys(self._names.session)

    def link(self) -> Sequence[bytes]:
        """What unsubscribe links are signed with."""
        return self._read_keys(self._names.link)

    def address(self) -> Sequence[bytes]:
        """What the ledger's hash of an address is keyed with: the newest writes, all are read."""
        return self._read_keys(self._names.address)

    def client_secret(self) -> str | None:
        """The client's secret at the issuer, if it has one."""
        return self._read_value(self._names.client_secret) if self._names.client_secret else None

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

    def _read_keys(self, name: str) -> Sequence[bytes]:
        return [key.encode() for key in self._read_value(name, _are_keys).split()]

    def _read_value(self, name: str, is_right: Callable[[str], bool] = bool) -> str:
        """The parameter's value, read again if it is not there yet, or is no secret yet."""
        value = self._read_known().get(name, "")
        if not is_right(value):
            self.reread()
            value = self._read_known().get(name, "")
        return value if is_right(value) else _refuse(name)

    def _read_known(self) -> Mapping[str, str]:
        """What is known, read first if nothing is; one caller reads again what is old, and the others do not wait."""
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
        """Read again, for as long as a request can spare; the values that are known stay good if that fails."""
        self._read_at = now  # also if it fails: the next attempt is due as late as after a success
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
