"""The account's suppression list: SES accepts such a mail, and then does not send it.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_PutSuppressedDestination.html
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from laptop.ses.errors import bad_request, not_found

__all__ = ["Suppression"]

REASONS = ("BOUNCE", "COMPLAINT")


@dataclass(frozen=True, slots=True)
class _Entry:
    reason: str
    since: float

    def as_json(self, address: str) -> dict[str, Any]:
        return {"EmailAddress": address, "Reason": self.reason, "LastUpdateTime": self.since}


class Suppression:
    """Addresses in lower case, with the reason and the time (seconds since 1970)."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def addresses(self) -> frozenset[str]:
        """Every suppressed address."""
        return frozenset(self._entries)

    def put(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`PutSuppressedDestination`."""
        reason = request.get("Reason")
        if reason not in REASONS:
            raise bad_request(f"Reason must be one of {', '.join(REASONS)}")
        self._entries[str(request["EmailAddress"]).lower()] = _Entry(str(reason), time.time())
        return {}

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetSuppressedDestination`."""
        address = self._require(request)
        return {"SuppressedDestination": self._entries[address].as_json(address)}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`DeleteSuppressedDestination`."""
        del self._entries[self._require(request)]
        return {}

    def list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListSuppressedDestinations`, in one page."""
        wanted = request.get("Reason")
        reasons = [wanted] if isinstance(wanted, str) else wanted or REASONS
        entries = sorted(self._entries.items())
        return {"SuppressedDestinationSummaries": [e.as_json(a) for a, e in entries if e.reason in reasons]}

    def _require(self, request: Mapping[str, Any]) -> str:
        address = str(request["EmailAddress"]).lower()
        if address not in self._entries:
            raise not_found("Email address does not exist on your suppression list.")
        return address
