"""Account-level settings: sandbox, sending rate and daily quota (counted by recipient), and suppression list.

https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
Mails to the mailbox simulator count towards the rate, but not towards the quota. AWS tolerates short bursts over the
rate; this simulator tolerates none.

SES accepts a mail to a suppressed address, but does not send it:
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_PutSuppressedDestination.html
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from laptop.ses.errors import SesError, make_bad_request, make_not_found
from laptop.ses.outcomes import is_simulated

__all__ = ["DAILY", "RATE", "SendingLimits", "SuppressionList"]

REASONS = ("BOUNCE", "COMPLAINT")
#: Both errors have the same code; only the message distinguishes them.
RATE = "Maximum sending rate exceeded."
DAILY = "Daily message quota exceeded."
DAY = 86_400.0


class SendingLimits:
    """Counts the recipients of the last second and of the last 24 hours; `clock` returns seconds.

    If `production` is false, the account is in the sandbox:
    https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html
    """

    def __init__(self, clock: Callable[[], float], per_second: float = 14, per_day: int = 50_000) -> None:
        self.per_second = per_second
        self.per_day = per_day
        self.production = True
        self._clock = clock
        self._second: deque[float] = deque()
        self._day: deque[float] = deque()
        self._lock = threading.Lock()

    def count(self, recipients: Sequence[str]) -> None:
        """Count one mail; raise `SesError` (`TooManyRequestsException`) if it would exceed a limit."""
        with self._lock:
            now = self._clock()
            self._forget(now)
            counted = [address for address in recipients if not is_simulated(address)]
            if len(self._day) + len(counted) > self.per_day:
                raise SesError("TooManyRequestsException", DAILY)
            if len(self._second) + len(recipients) > self.per_second:
                raise SesError("TooManyRequestsException", RATE)
            self._second.extend([now] * len(recipients))
            self._day.extend([now] * len(counted))

    def quota(self) -> dict[str, float]:
        """Return the `SendQuota` of `GetAccount`."""
        with self._lock:
            self._forget(self._clock())
            return {
                "Max24HourSend": float(self.per_day),
                "MaxSendRate": float(self.per_second),
                "SentLast24Hours": float(len(self._day)),
            }

    def _forget(self, now: float) -> None:
        for window, span in ((self._second, 1.0), (self._day, DAY)):
            while window and window[0] <= now - span:
                window.popleft()


@dataclass(frozen=True, slots=True)
class _SuppressedAddress:
    reason: str
    since: float

    def as_json(self, address: str) -> dict[str, Any]:
        return {"EmailAddress": address, "Reason": self.reason, "LastUpdateTime": self.since}


class SuppressionList:
    """The suppressed addresses, in lower case, each with its reason and the time it was added (seconds since 1970)."""

    def __init__(self) -> None:
        self._entries: dict[str, _SuppressedAddress] = {}

    def addresses(self) -> frozenset[str]:
        """Return every suppressed address."""
        return frozenset(self._entries)

    def put(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`PutSuppressedDestination`."""
        reason = request.get("Reason")
        if reason not in REASONS:
            raise make_bad_request(f"Reason must be one of {', '.join(REASONS)}")
        self._entries[str(request["EmailAddress"]).lower()] = _SuppressedAddress(str(reason), time.time())
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
        reasons = request.get("Reasons") or REASONS
        entries = sorted(self._entries.items())
        return {"SuppressedDestinationSummaries": [e.as_json(a) for a, e in entries if e.reason in reasons]}

    def _require(self, request: Mapping[str, Any]) -> str:
        address = str(request["EmailAddress"]).lower()
        if address not in self._entries:
            raise make_not_found("Email address does not exist on your suppression list.")
        return address
