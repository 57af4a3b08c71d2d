"""A million mails, and the budgets of design section 11."""

from __future__ import annotations

import dataclasses

import pytest

from bench.cost.assumptions import AS_MEASURED, Assumptions
from bench.cost.bill import BUDGET, HERALD, LOG_BUDGET, Bill, compute_bill, compute_bills
from bench.cost.measured import read_cpu
from bench.cost.prices import list_prices
from bench.cost.usage import SUBSCRIPTION, TRANSACTIONAL, Usage, measure_herald


@pytest.fixture(scope="module")
def ours() -> Bill:
    return compute_bills(AS_MEASURED, Assumptions())[HERALD]


def test_a_million_mails_are_within_the_budget(ours: Bill) -> None:
    assert ours.total <= BUDGET


def test_the_log_of_a_mail_is_within_the_budget(ours: Bill) -> None:
    assert 100 < ours.usage.written <= LOG_BUDGET


def test_a_mail_is_claimed_in_six_units_and_recorded_and_heard_of_in_one_each(ours: Bill) -> None:
    assert ours.usage.write_unit == 6 + 1 + 1
    assert ours.usage.read_unit == 0


def test_looking_up_whether_the_reader_unsubscribed_costs_nothing(ours: Bill) -> None:
    by_kind = {kind: measure_herald(AS_MEASURED, Assumptions(), kind) for kind in (SUBSCRIPTION, TRANSACTIONAL)}
    assert by_kind[SUBSCRIPTION].write_unit == by_kind[TRANSACTIONAL].write_unit == ours.usage.write_unit
    dollars = {kind: compute_bill(usage, list_prices()).total for kind, usage in by_kind.items()}
    assert dollars[SUBSCRIPTION] == pytest.approx(dollars[TRANSACTIONAL], abs=0.005)


def test_a_send_that_comes_by_itself_costs_one_more() -> None:
    assert measure_herald(AS_MEASURED, Assumptions(folded=0)).write_unit == 6 + 1 + 2


def test_on_the_common_road_no_item_is_larger_than_a_kilobyte(ours: Bill) -> None:
    assert 0 < ours.usage.largest <= 1024


def test_half_the_processor_takes_twice_as_long() -> None:
    slow, fast = (measure_herald(AS_MEASURED, Assumptions(memory=memory)) for memory in (256, 512))
    waiting = (10 + 80 + 5 + 5) / 1000
    assert slow.lambda_gb_second / 0.25 - waiting == pytest.approx(2 * (fast.lambda_gb_second / 0.5 - waiting))


def test_a_bill_is_quantity_times_price() -> None:
    known = list_prices()
    bill = compute_bill(Usage(sns_publish=2, write_unit=8, log_bytes=1000), known)
    assert bill.dollars["SNS publishes"] == pytest.approx(1.00)
    assert bill.dollars["DynamoDB write units"] == pytest.approx(5.00)
    assert bill.dollars["GB of logs"] == pytest.approx(0.50)


def test_every_price_has_its_page() -> None:
    known = list_prices()
    assert all(price.source.startswith("https://aws.amazon.com/") for price in known.values())
    assert all(price.dollars > 0 for price in known.values())


def test_the_references_are_charged_with_the_same_assumptions() -> None:
    slower = dataclasses.replace(Assumptions(), send=160.0)
    for name, bill in compute_bills(AS_MEASURED, Assumptions()).items():
        assert compute_bills(AS_MEASURED, slower)[name].total > bill.total


def test_what_the_bench_measured_is_what_is_billed() -> None:
    figures = [
        {"name": "warm mail beside powertools, Python 3.11.7", "ours": 9.0, "reference": 9.0},
        {"name": "warm mail beside powertools, Python 3.13.0", "ours": 2.0, "reference": 4.0},
        {"name": "feedback in batches of 10 (1.00 round trips an event)", "ours": 500.0, "reference": None},
    ]
    cpu = read_cpu(figures)
    assert (cpu.notify, cpu.powertools, cpu.feedback) == (2.0, 4.0, 2.0)
    assert cpu.check_then_put == AS_MEASURED.check_then_put
