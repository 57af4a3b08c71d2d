"""What the simulation makes of single rules: each as small as shows it."""

from __future__ import annotations

import pytest

from herald.capacity.burst_scenario import BurstScenario
from herald.capacity.simulation import simulate_burst
from operations.errors import UserError


def test_below_the_rate_every_event_is_a_mail_at_once() -> None:
    answer = simulate_burst(BurstScenario(rate=14, burst=3))
    assert (answer.sent, answer.throttles, answer.refusals) == (3, 0, 0)
    assert answer.drained == pytest.approx(0.25)


def test_what_finds_no_environment_waits_in_lambda_and_uses_up_no_try() -> None:
    answer = simulate_burst(BurstScenario(rate=100, burst=30, concurrency=3))
    assert answer.throttles > 27
    assert (answer.sent, answer.invocations, answer.released) == (30, 30, 0)


def test_the_rate_is_kept_in_every_second_however_many_may_run() -> None:
    answer = simulate_burst(BurstScenario(rate=5, burst=200, concurrency=100))
    pairs = zip(answer.moments, answer.moments[1:], strict=False)
    assert all(later.sent - earlier.sent <= 5 * (later.at - earlier.at + 1) for earlier, later in pairs)
    assert answer.sent == 200


def test_more_at_once_than_the_rate_needs_only_makes_ses_refuse() -> None:
    right, many = (simulate_burst(BurstScenario(rate=14, burst=2_000, concurrency=number)) for number in (4, 40))
    assert many.refusals > 10 * right.refusals
    assert many.invocations > 1.2 * right.invocations


def test_six_hours_in_lambdas_queue_are_the_most_and_the_rest_goes_on_in_retry() -> None:
    answer = simulate_burst(BurstScenario(rate=1, burst=1_500, seconds=30, concurrency=1, retry_concurrency=2))
    assert answer.aged > 0
    assert answer.sent == 1_500
    at_six_hours = next(moment for moment in answer.moments if moment.at > 6 * 3600 + 300)
    assert at_six_hours.lambda_queue == 0


def test_over_two_days_quota_the_rest_is_given_up_after_a_day() -> None:
    answer = simulate_burst(BurstScenario(rate=14, burst=500, quota=100))
    assert (answer.sent, answer.dead) == (200, 300)
    assert 86_400 < answer.drained < 86_400 + 3 * 3_600


def test_an_environment_takes_ten_requests_a_second_at_most() -> None:
    answer = simulate_burst(BurstScenario(rate=10_000, burst=100, seconds=0.001, concurrency=1))
    assert answer.drained >= 100 / 10


def test_two_thousand_environments_take_ten_seconds_to_come() -> None:
    scenario = BurstScenario(rate=10_000, burst=1, account=5_000)
    assert [scenario.environments(since) for since in (0, 5, 10, 60)] == [1_000, 1_500, 2_000, 2_500]


def test_the_account_keeps_a_hundred_unreserved() -> None:
    assert BurstScenario(rate=10_000, burst=1).room == 900


def test_a_seed_plays_the_same_again() -> None:
    scenario = BurstScenario(rate=3, burst=200)
    assert simulate_burst(scenario, seed=7) == simulate_burst(scenario, seed=7)


@pytest.mark.parametrize("wrong", [{"rate": 0}, {"burst": 0}, {"rate": float("nan")}, {"seconds": 901}, {"quota": 0}])
def test_what_makes_no_sense_is_refused_in_one_line(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match="must lie between"):
        BurstScenario(**({"rate": 14, "burst": 10} | wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "scenario", [BurstScenario(14, 2_000), BurstScenario(200, 4_000), BurstScenario(14, 1_500, quota=500)], ids=str
)
def test_in_lots_it_tells_nearly_what_it_tells_event_by_event(scenario: BurstScenario) -> None:
    one, lots = simulate_burst(scenario), simulate_burst(scenario, largest=scenario.burst // 5)
    assert (one.size, lots.size) == (1, 5)
    assert lots.sent + lots.dead == pytest.approx(scenario.burst)
    assert lots.sent == pytest.approx(one.sent, rel=0.01)
    assert lots.drained == pytest.approx(one.drained, rel=0.1)
    assert lots.half == pytest.approx(one.half, rel=0.05)
    assert lots.invocations == pytest.approx(one.invocations, rel=0.02)
    assert lots.throttles == pytest.approx(one.throttles, rel=0.1)
    assert lots.refusals + lots.over_quota == pytest.approx(one.refusals + one.over_quota, rel=0.4, abs=1)
    assert lots.most_in_lambda == pytest.approx(one.most_in_lambda, rel=0.1)


def test_no_mail_of_a_large_burst_is_lost_at_the_rate_of_a_new_account() -> None:
    answer = simulate_burst(BurstScenario(rate=14, burst=10**7), largest=1_000)
    assert (answer.sent, answer.lost, answer.dead) == (10**7, 0, 0)
    assert answer.drained > 10**7 / 14
