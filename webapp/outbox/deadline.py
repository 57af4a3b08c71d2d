"""Lambda functions that stop in time: what they did not come to, the next run does."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final, Protocol, TypeVar

T = TypeVar("T")

#: What is left of a function's time when it takes nothing new.
RESERVE_MILLISECONDS: Final = 10_000


class Context(Protocol):
    """The part of Lambda's context that tells the time."""

    def get_remaining_time_in_millis(self) -> int: ...


def in_time(things: Iterator[T], context: Context) -> Iterator[T]:
    """The things for which there is time."""
    return takewhile(lambda _: context.get_remaining_time_in_millis() > RESERVE_MILLISECONDS, things)
