"""The unsubscribe links in mails, verified; function/contracts/unsubscribe.schema.json says what is in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import jwt

__all__ = ["UnsubscribeLink", "verify"]

_TYPE = "herald-unsubscribe"
_CATEGORY = re.compile(r"[a-z][a-z-]*")
#: Of an address, with the name of the tenant behind it whose mail alone the reader's choice concerns.
_HASH = re.compile(r"[0-9a-f]{64}(?:#[a-z0-9-]{1,63})?")
#: Longer than any link can be.
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class UnsubscribeLink:
    """Who may be unsubscribed, by the hash of the address, from what."""

    category: str
    hashed: str


def verify(token: str, keys: Sequence[bytes]) -> UnsubscribeLink | None:
    """What a link says, if one of the keys signed it; None for anything else."""
    if len(token) > _LONGEST:
        return None
    return next((found for key in keys if (found := _verify(token, key)) is not None), None)


def _verify(token: str, key: bytes) -> UnsubscribeLink | None:
    try:
        decoded = jwt.decode_complete(token, key, algorithms=["HS256"], options={"require": ["category", "sub"]})
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    claims = decoded["payload"]
    link = UnsubscribeLink(str(claims["category"]), str(claims["sub"]))
    is_valid = _CATEGORY.fullmatch(link.category) and _HASH.fullmatch(link.hashed)
    return link if is_valid and decoded["header"].get("typ") == _TYPE else None
