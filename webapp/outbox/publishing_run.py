"""One run of a publishing function: counts the results, and stops in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Protocol, TypeVar

from webapp import log

__all__ = ["RESERVE_MILLISECONDS", "Counts", "LambdaContext", "take_while_time"]

T = TypeVar("T")

#: A run with less time left than this starts no more work.
RESERVE_MILLISECONDS = 10_000


class LambdaContext(Protocol):
    """The part of Lambda's context that says how much time is left."""

    def get_remaining_time_in_millis(self) -> int: ...


def take_while_time(items: Iterator[T], context: LambdaContext) -> Iterator[T]:
    """Yield items until the function's time is nearly up; the next run takes the others."""
    return takewhile(lambda _: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS, items)


@dataclass(slots=True)
class Counts:
    """How many events of one run were published, rejected or left, and the subjects of those that were left."""

    published: int = 0
    rejected: int = 0
    left: int = 0
    waiting: set[str] = field(default_factory=set)

    def tell(self, event: str, **metrics: float) -> dict[str, int]:
        """Log and count the run under this name; return its counts as the handler's answer."""
        counts = {"published": self.published, "rejected": self.rejected, "left": self.left}
        counted = {"Published": self.published, "OutboxRejected": self.rejected}
        log.count(event, {name: count for name, count in counted.items() if count} | metrics, **counts)
        return counts
