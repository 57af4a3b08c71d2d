"""Tenants: brands that a deployment sends mail for, each from its own sender address and with its own design.

The deployment declares them (Terraform's `tenants`), packed into one setting: base64 of gzip of a JSON object by name.
Their brands are in the package, as `brands/<name>.json`.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Collection, Mapping
from typing import Any

from function.message.from_header import from_header
from function.runtime.lean_dataclass import dataclass

__all__ = ["TENANT_NAME", "Tenant", "find_own_lists", "pack_tenants", "read_tenants"]

TENANT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_FIELDS = frozenset({"from", "configuration_set", "tenant_name", "providers", "suppression"})
#: Names of configuration sets and tenants that SES accepts.
_SES_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GZIP = 31


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant: its From header, SES's configuration set (None: the deployment's) and the SES tenant that
    its mail goes through. `providers` are the URLs of the providers that may send its mail (None: all). With
    `own_list`, a bounce, a complaint or a reader's choice counts for this tenant's mail only."""

    name: str
    sender: str
    configuration_set: str | None = None
    ses_tenant: str | None = None
    providers: frozenset[str] | None = None
    own_list: bool = False

    def may_go_by(self, provider: str) -> bool:
        """Whether the provider with this URL may send the tenant's mail."""
        return self.providers is None or provider in self.providers


def read_tenants(text: str, providers: Collection[str] | None = None) -> dict[str, Tenant]:
    """Read the tenants in a setting, by name. Raises ValueError if it is invalid, or if a tenant names a provider that
    is not among `providers`."""
    found = {name: _read(name, given) for name, given in _unpack(text).items()}
    for tenant in found.values():
        if providers is not None and tenant.providers is not None and not tenant.providers <= {*providers}:
            raise ValueError(tenant.name)
    return found


def find_own_lists(text: str) -> list[str]:
    """Return the names of the tenants that have their own suppression list. Raises ValueError."""
    return sorted(name for name, given in _unpack(text).items() if given.get("suppression") == "own")


def pack_tenants(declared: Mapping[str, Mapping[str, Any]]) -> str:
    """Encode the setting as Terraform's `base64gzip` does."""
    return base64.b64encode(zlib.compress(json.dumps(declared, separators=(",", ":")).encode(), wbits=_GZIP)).decode()


def _unpack(text: str) -> dict[str, Any]:
    try:
        given = json.loads(zlib.decompress(base64.b64decode(text, validate=True), _GZIP))
    except zlib.error as error:
        raise ValueError("no gzip") from error
    if not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()):
        raise ValueError("no object of objects")
    return given


def _read(name: str, given: Mapping[str, Any]) -> Tenant:
    names = [one for one in (given.get("configuration_set"), given.get("tenant_name")) if one is not None]
    providers, suppression = given.get("providers"), given.get("suppression", "all")
    sound = TENANT_NAME.fullmatch(name) and given.keys() <= _FIELDS and suppression in ("own", "all")
    sound = sound and all(isinstance(one, str) and _SES_NAME.fullmatch(one) for one in names)
    sound = sound and (providers is None or (isinstance(providers, list) and bool(providers)))
    if not sound or not isinstance(given.get("from"), str):
        raise ValueError(name)
    return Tenant(
        name,
        from_header(given["from"]),
        given.get("configuration_set"),
        given.get("tenant_name"),
        None if providers is None else frozenset(map(str, providers)),
        suppression == "own",
    )
