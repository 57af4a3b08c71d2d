"""How many deliveries may run at once."""

from __future__ import annotations

import pytest

from herald.capacity.concurrency import Concurrency, reserve


@pytest.mark.parametrize(
    ("rate", "seconds", "expected"),
    [
        (14, 0.25, Concurrency(4, 3)),
        (1, 0.25, Concurrency(3, 2)),
        (20, 0.25, Concurrency(5, 3)),
        (50, 0.3, Concurrency(15, 11)),
        (200, 0.25, Concurrency(50, 37)),
        (10_000, 0.25, Concurrency(2500, 1000)),
    ],
)
def test_so_many_are_reserved(rate: float, seconds: float, expected: Concurrency) -> None:
    assert reserve(rate, seconds) == expected


@pytest.mark.parametrize("rate", [0.1, 1, 14, 20, 23, 99, 5_000])
@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.25, 3])
def test_the_retry_queue_takes_three_quarters_at_most(rate: float, seconds: float) -> None:
    found = reserve(rate, seconds)
    assert 2 <= found.retry <= 0.75 * found.reserved
    assert found.reserved >= rate * seconds - 1e-6, "fewer would not reach the sending rate"


def test_what_an_owner_says_of_the_retry_queue_is_kept() -> None:
    assert reserve(14, 0.25, retry=10) == Concurrency(11, 10)
