"""So many requests a second for each caller, and a word on when to come back."""

from __future__ import annotations

import pytest

from webapp.auth.rate_limit import RateLimiter
from webapp.errors import TooManyRequests


class Watch:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def count_admitted(limiter: RateLimiter, caller: str, tries: int) -> int:
    """How many of so many requests pass."""
    passed = 0
    for _ in range(tries):
        try:
            limiter.admit(caller)
        except TooManyRequests:
            continue
        passed += 1
    return passed


def test_a_burst_of_twice_the_rate_passes_and_then_the_rate() -> None:
    watch = Watch()
    limiter = RateLimiter(10, watch)
    assert count_admitted(limiter, "ada", 100) == 20
    watch.at += 1
    assert count_admitted(limiter, "ada", 100) == 10
    watch.at += 60
    assert count_admitted(limiter, "ada", 100) == 20


def test_callers_do_not_disturb_each_other() -> None:
    limiter = RateLimiter(1, Watch())
    assert count_admitted(limiter, "ada", 10) == 2
    assert count_admitted(limiter, "bob", 10) == 2


def test_who_waits_as_long_as_told_passes() -> None:
    watch = Watch()
    limiter = RateLimiter(1, watch)
    count_admitted(limiter, "ada", 2)
    with pytest.raises(TooManyRequests) as refusal:
        limiter.admit("ada")
    assert refusal.value.retry_after is not None
    watch.at += refusal.value.retry_after
    limiter.admit("ada")


def test_refused_requests_do_not_make_the_wait_longer() -> None:
    watch = Watch()
    limiter = RateLimiter(1, watch)
    count_admitted(limiter, "ada", 1000)
    watch.at += 1
    limiter.admit("ada")


def test_a_crowd_of_callers_takes_no_more_memory_than_ten_thousand() -> None:
    limiter = RateLimiter(1, Watch())
    for number in range(10_500):
        limiter.admit(f"caller-{number}")
    assert len(limiter._full) == 10_000
