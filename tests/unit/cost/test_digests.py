"""What an event of a digest costs: its own writes, and its part of one mail."""

from __future__ import annotations

import re

import pytest

from bench.cost.assumptions import AS_MEASURED, Assumptions
from bench.cost.bill import compute_bill
from bench.cost.digests import measure_digest, measure_scheduled
from bench.cost.prices import list_prices
from laptop.state import ROOT


def test_ten_events_share_one_run_one_trip_through_the_queue_and_one_mail() -> None:
    alone, shared = (measure_digest(AS_MEASURED, Assumptions(), events) for events in (1, 10))
    assert (alone.lambda_request, shared.lambda_request) == (2, 1.1)
    assert (alone.sqs_request, shared.sqs_request) == (3, 0.3)
    # Message, event, address and digest in one transaction: eight units, and more as the digest grows.
    assert 8 < shared.write_unit < alone.write_unit


def test_the_page_says_what_it_costs() -> None:
    page = (ROOT / "docs" / "capacity.md").read_text("utf-8")
    figures = r"`scheduling`: \$([\d.]+) for a million events in digests of ten, \$([\d.]+) in digests of a hundred"
    said = re.search(figures, page)
    assert said
    found = [
        compute_bill(measure_digest(AS_MEASURED, Assumptions(), events), list_prices()).total for events in (10, 100)
    ]
    assert [float(one) for one in said.groups()] == pytest.approx(found, abs=0.005)


def test_a_mail_that_waits_is_written_when_it_comes_and_when_it_goes() -> None:
    usage = measure_scheduled(AS_MEASURED, Assumptions())
    assert (usage.lambda_request, usage.sqs_request, usage.write_unit) == (2, 3, 16)
    said = re.search(r"\(`sendat`\) is \$([\d.]+)", (ROOT / "docs" / "capacity.md").read_text("utf-8"))
    assert said
    assert float(said[1]) == pytest.approx(compute_bill(usage, list_prices()).total, abs=0.005)
