"""One-click unsubscribe links for one category of mail: RFC 8058.

A link contains the category and the keyed hash of the address. It is signed, so that nobody can make one for somebody
else, and a JWT, so that the page can verify it with a library. Its content is described in
contracts/unsubscribe.schema.json. It contains no time: a reader's link is the same in every mail.

https://datatracker.ietf.org/doc/html/rfc8058 and https://datatracker.ietf.org/doc/html/rfc7519
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from function.ledger.keys import ADDRESS_PREFIX
from function.runtime.lean_dataclass import dataclass

__all__ = ["UnsubscribeLinks", "build_headers"]


@dataclass(frozen=True, slots=True)
class UnsubscribeLinks:
    """Makes links to the page at `url`, signed with `key`."""

    url: str
    key: bytes

    def link(self, category: str, address: str) -> str:
        """Return the link for the reader whose address has this key in the ledger."""
        claims = {"category": category, "sub": address.removeprefix(ADDRESS_PREFIX)}
        signed = f"{_encode_segment({'alg': 'HS256', 'typ': 'herald-unsubscribe'})}.{_encode_segment(claims)}"
        signature = hmac.new(self.key, signed.encode(), hashlib.sha256).digest()
        return f"{self.url}/{signed}.{_encode_base64url(signature)}"


def build_headers(link: str) -> dict[str, str]:
    """Return the headers by which a mail program offers *Unsubscribe* itself, in ASCII, so that they are never
    encoded."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _encode_segment(value: dict[str, str]) -> str:
    return _encode_base64url(json.dumps(value, separators=(",", ":")).encode())


def _encode_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
