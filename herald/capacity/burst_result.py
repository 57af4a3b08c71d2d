"""The result of a simulated burst of events."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

__all__ = ["BacklogSample", "BurstResult"]


@dataclass(frozen=True, slots=True)
class BacklogSample:
    """How many events were where, `at` seconds after the burst began."""

    at: float
    sent: float
    #: In Lambda's own queue: not yet run, or throttled.
    lambda_queue: float
    #: In the SQS queue `retry`, visible or not.
    retry_queue: float


@dataclass(slots=True)
class BurstResult:
    """The result of a burst; counts are of events unless stated otherwise, times are seconds after it began."""

    #: The number of real events that one simulated event stands for.
    size: int = 1
    sent: float = 0.0
    #: Moved from Lambda's queue to `retry` when six hours old.
    aged: float = 0.0
    #: Refused by SES's rate in every round, or over the daily quota, and put into `retry`.
    released: float = 0.0
    dead: float = 0.0
    #: Deleted by SQS after 14 days in `retry`.
    lost: float = 0.0
    #: Invocations, and throttled invocations (the metric Throttles).
    invocations: float = 0.0
    throttles: float = 0.0
    #: Calls of SendEmail that were refused, by the rate and by the quota.
    refusals: float = 0.0
    over_quota: float = 0.0
    half: float = 0.0
    drained: float = 0.0
    moments: list[BacklogSample] = field(default_factory=list)

    def count_for(self, factor: float) -> None:
        """Turn counts of simulated events into counts of real ones."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) * factor)
        self.moments = [
            BacklogSample(each.at, each.sent * factor, each.lambda_queue * factor, each.retry_queue * factor)
            for each in self.moments
        ]

    @property
    def most_in_lambda(self) -> float:
        """The greatest length of Lambda's queue."""
        return max((moment.lambda_queue for moment in self.moments), default=0.0)

    @property
    def most_in_retry(self) -> float:
        """The greatest length of the queue `retry`."""
        return max((moment.retry_queue for moment in self.moments), default=0.0)


_COUNTS = tuple(each.name for each in fields(BurstResult) if each.name not in {"size", "half", "drained", "moments"})
