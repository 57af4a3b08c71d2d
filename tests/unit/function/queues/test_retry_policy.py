"""When a delivery comes back, and when trying is over."""

from __future__ import annotations

import pytest

from function.errors import ProviderUnavailable, QuotaExhausted, Throttled
from function.queues.retry_policy import RetryPolicy

DAY = 86_400_000


@pytest.mark.parametrize("error", [Throttled("slow"), ProviderUnavailable("away")])
def test_waits_double_from_two_seconds_to_a_quarter_of_an_hour(error: Throttled | ProviderUnavailable) -> None:
    waits = [RetryPolicy().wait_after(error, attempts) for attempts in range(1, 12)]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


@pytest.mark.parametrize("attempts", [0, 1, 1000, 10**9])
def test_any_count_of_attempts_has_a_wait(attempts: int) -> None:
    assert 2 <= RetryPolicy().wait_after(Throttled("slow"), attempts) <= 900


@pytest.mark.parametrize("attempts", [1, 5, 100])
def test_an_exhausted_quota_waits_an_hour_however_often_it_was_tried(attempts: int) -> None:
    assert RetryPolicy().wait_after(QuotaExhausted("enough"), attempts) == 3600


def test_trying_is_over_after_a_day_by_the_record_s_clock() -> None:
    assert not RetryPolicy().is_exhausted(first_at=1_000, now=1_000 + DAY, receives=0)
    assert RetryPolicy().is_exhausted(first_at=1_000, now=1_001 + DAY, receives=0)


def test_a_record_without_a_first_attempt_is_not_too_old() -> None:
    assert not RetryPolicy().is_exhausted(first_at=0, now=DAY * 365, receives=0)


def test_trying_is_over_when_the_queue_will_not_hand_it_out_again() -> None:
    assert not RetryPolicy().is_exhausted(first_at=1, now=2, receives=199)
    assert RetryPolicy().is_exhausted(first_at=1, now=2, receives=200)
