"""The scenario to simulate: a burst of events, and the deployment that it meets."""

from __future__ import annotations

import math
from dataclasses import dataclass

from herald.capacity.aws_limits import ACCOUNT_CONCURRENCY, GROWTH, REQUESTS_PER_ENVIRONMENT, UNRESERVED
from herald.capacity.concurrency import reserve
from operations.errors import UsageError

__all__ = ["BurstScenario"]


@dataclass(frozen=True, slots=True)
class BurstScenario:
    """A burst of events against a sending rate.

    `rate` is in mails a second, `seconds` the duration of one delivery, `quota` in mails for 24 hours (None: no limit),
    `over` the seconds that publishing the burst takes, `concurrency` what is reserved for `notify` (None: what
    Terraform reserves). Without `reserves`, `notify` may use all of the account's concurrency.
    """

    rate: float
    burst: int
    seconds: float = 0.25
    quota: int | None = None
    over: float = 0.0
    concurrency: int | None = None
    retry_concurrency: int | None = None
    account: int = ACCOUNT_CONCURRENCY
    reserves: bool = True

    def __post_init__(self) -> None:
        _require_between("RATE, mails a second,", self.rate, 0.1, 100_000)
        _require_between("BURST, the number of events,", self.burst, 1, 100_000_000)
        _require_between("the seconds of one delivery", self.seconds, 0.001, 900)
        _require_between("the daily quota", 1 if self.quota is None else self.quota, 1, 10_000_000_000)
        _require_between("the seconds of publishing", self.over, 0, 864_000)
        _require_between("the reserved concurrency", self.reserved, 1, 100_000)
        _require_between("the retry queue's concurrency", self.retry, 2, 1_000)
        _require_between("the account's concurrency", self.account, 10, 1_000_000)

    @property
    def reserved(self) -> int:
        """The concurrency reserved for `notify`."""
        default = reserve(self.rate, self.seconds, self.retry_concurrency).reserved
        return default if self.concurrency is None else self.concurrency

    @property
    def retry(self) -> int:
        """The part of it that the pollers of the queue `retry` may use."""
        return reserve(self.rate, self.seconds, self.retry_concurrency).retry

    @property
    def room(self) -> int:
        """The concurrency that the account lets `notify` have; all of the account's if nothing is reserved."""
        return max(1, min(self.reserved, self.account - UNRESERVED)) if self.reserves else self.account

    @property
    def window(self) -> tuple[int, float]:
        """SES's rate as a whole number of mails in a number of seconds."""
        mails = max(1, math.floor(self.rate))
        return mails, mails / self.rate

    def environments(self, since: float) -> int:
        """The number of environments that can run `since` seconds after the burst began."""
        first, more = GROWTH
        return min(self.room, int(first + more * since))

    def environment_seconds(self, took: float) -> float:
        """Seconds for which a delivery occupies its environment, which takes at most ten a second."""
        return max(took, 1 / REQUESTS_PER_ENVIRONMENT)


def _require_between(what: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise UsageError(f"{what} must lie between {least:,} and {most:,}: {value:,} does not")
