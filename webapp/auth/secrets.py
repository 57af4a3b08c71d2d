"""The web app's secrets: named by settings, kept in SSM Parameter Store, fetched in one call when first needed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from webapp import log
from webapp.errors import Misconfigured

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

__all__ = ["FEWEST_BYTES", "ParameterNames", "Secrets"]

#: A key of fewer bytes could be guessed.
FEWEST_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ParameterNames:
    """The parameters' names; `client_secret` is None for a client that keeps none, as PKCE allows."""

    session: str
    link: str
    address: str
    client_secret: str | None = None


class Secrets:
    """Reads the parameters once. Each method raises `Misconfigured` if a parameter is missing or too short.

    A parameter may hold several keys, newest first, with spaces between: what the older ones sealed stays readable.
    """

    def __init__(self, ssm: SSMClient, names: ParameterNames) -> None:
        self._ssm = ssm
        self._names = names
        self._values: Mapping[str, str] | None = None
        self._lock = threading.Lock()

    def session(self) -> Sequence[bytes]:
        """What cookies are sealed with."""
        return self._keys(self._names.session)

    def link(self) -> Sequence[bytes]:
        """What unsubscribe links are signed with."""
        return self._keys(self._names.link)

    def address(self) -> bytes:
        """What the ledger's hash of an address is keyed with: the whole value, as the notifier takes it."""
        value = self._value(self._names.address).encode()
        return value if len(value) >= FEWEST_BYTES else _refuse(self._names.address)

    def client_secret(self) -> str | None:
        """The client's secret at the issuer, if it has one."""
        return self._value(self._names.client_secret) if self._names.client_secret else None

    def _keys(self, name: str) -> Sequence[bytes]:
        keys = [key.encode() for key in self._value(name).split()]
        return keys if keys and min(map(len, keys)) >= FEWEST_BYTES else _refuse(name)

    def _value(self, name: str) -> str:
        with self._lock:
            if self._values is None:
                self._values = self._read()
        return self._values.get(name) or _refuse(name)

    def _read(self) -> Mapping[str, str]:
        names = self._names
        wanted = {name for name in (names.session, names.link, names.address, names.client_secret) if name}
        answer = self._ssm.get_parameters(Names=sorted(wanted), WithDecryption=True)
        return {each["Name"]: each["Value"] for each in answer["Parameters"]}


def _refuse(name: str) -> NoReturn:
    log.error("parameter is missing or too short", parameter=name)
    raise Misconfigured("A secret of this app is missing.")
