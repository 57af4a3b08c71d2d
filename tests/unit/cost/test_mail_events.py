"""What `mail_events` and `mail_webhook` cost, and that a deployment without them pays nothing for them."""

from __future__ import annotations

import re

import pytest

from bench.cost.assumptions import AS_MEASURED, Assumptions
from bench.cost.bill import compute_bill
from bench.cost.mail_events import FULL, measure_mail_events, measure_webhook_posts
from bench.cost.prices import list_prices
from laptop.state import ROOT


@pytest.mark.parametrize(("batch", "invocations", "publishes"), [(FULL, 0.02, 0.2), (1, 2, 2)])
def test_two_events_a_mail_are_published_in_tens_where_there_are_so_many(
    batch: int, invocations: float, publishes: float
) -> None:
    usage = measure_mail_events(AS_MEASURED, Assumptions(), batch)
    assert (usage.lambda_request, usage.sns_publish) == (invocations, publishes)
    assert (usage.write_unit, usage.read_unit, usage.sqs_request) == (0, 0, 0), "nothing is written or read for it"


def test_each_event_is_posted_in_a_run_of_its_own_and_costs_the_ledger_nothing() -> None:
    usage = measure_webhook_posts(AS_MEASURED, Assumptions())
    assert (usage.lambda_request, usage.sqs_request) == (2, 6)
    assert (usage.write_unit, usage.read_unit, usage.sns_publish) == (0, 0, 0)
    slower = measure_webhook_posts(AS_MEASURED, Assumptions(answer=1_000))
    assert slower.lambda_gb_second - usage.lambda_gb_second == pytest.approx(2 * 0.9 * 256 / 1024)


def test_the_page_says_what_posting_it_on_costs() -> None:
    said = re.search(r"`mail_webhook`: \$([\d.]+)", (ROOT / "docs" / "capacity.md").read_text("utf-8"))
    found = compute_bill(measure_webhook_posts(AS_MEASURED, Assumptions()), list_prices()).total
    assert said and float(said[1]) == pytest.approx(found, abs=0.005)


def test_the_page_says_what_it_costs() -> None:
    said = re.search(r"`mail_events`: \$([\d.]+) to \$([\d.]+)", (ROOT / "docs" / "capacity.md").read_text("utf-8"))
    assert said
    found = [
        compute_bill(measure_mail_events(AS_MEASURED, Assumptions(), batch), list_prices()).total for batch in (FULL, 1)
    ]
    assert [float(one) for one in said.groups()] == pytest.approx(found, abs=0.005)
