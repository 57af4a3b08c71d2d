"""Whom this deployment may mail: everybody, only those on a list, or one address instead of everybody. Pure.

A copy of production data must not mail anybody by accident: outside production, choose `allowlist` or `redirect`.
"""

from __future__ import annotations

from dataclasses import replace

from function.errors import RecipientNotAllowed
from function.ledger.keys import ADDRESS_PREFIX
from function.message.email import Email
from function.runtime.lean_dataclass import dataclass

__all__ = ["ORIGINAL", "DeliveryMode"]

#: Header of a redirected mail: the keyed hash of the original address, which does not reveal it.
ORIGINAL = "X-Herald-Original-Recipient"


@dataclass(frozen=True, slots=True)
class DeliveryMode:
    """`allowed` contains lower-cased addresses, or domains as `@example.com`; None allows all. `redirect_to` is one
    address, or empty."""

    allowed: frozenset[str] | None = None
    redirect_to: str = ""

    def apply(self, email: Email, hashed: str | None) -> Email:
        """Return the mail, redirected if so configured. Raises RecipientNotAllowed if its recipient is not on the
        list."""
        if self.redirect_to:
            headers = {**email.headers, ORIGINAL: (hashed or "").removeprefix(ADDRESS_PREFIX)}
            return replace(email, to=self.redirect_to, headers=headers)
        if self._is_allowed(email.to):
            return email
        raise RecipientNotAllowed("this deployment mails only the addresses on its list (HERALD_ALLOWLIST)")

    def may_copy(self, address: str) -> bool:
        """Whether a copy may be sent to this address; a redirected mail has no copies."""
        return not self.redirect_to and self._is_allowed(address)

    def _is_allowed(self, given: str) -> bool:
        address = given.strip().lower()
        return self.allowed is None or bool(self.allowed & {address, "@" + address.rpartition("@")[2]})
