"""Verifies the unsubscribe links in mails; function/contracts/unsubscribe.schema.json describes their content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import jwt

__all__ = ["UnsubscribeLink", "verify"]

_TYPE = "herald-unsubscribe"
_CATEGORY = re.compile(r"[a-z][a-z-]*")
#: The hash of an address, followed by the tenant's name if the choice concerns only that tenant's mail.
_HASH = re.compile(r"[0-9a-f]{64}(?:#[a-z0-9-]{1,63})?")
#: Longer than any link can be.
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class UnsubscribeLink:
    """The address hash and the category that a link unsubscribes."""

    category: str
    hashed: str


def verify(token: str, keys: Sequence[bytes]) -> UnsubscribeLink | None:
    """Return the content of a link if it was signed with one of the keys; else None."""
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
