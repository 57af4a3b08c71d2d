"""What it adds to a mail that its event is posted over HTTP."""

from __future__ import annotations

import re

import pytest

from bench.cost.assumptions import AS_MEASURED, Assumptions
from bench.cost.bill import compute_bill
from bench.cost.http_events import measure_http_posts
from bench.cost.prices import list_prices
from laptop.state import ROOT


def test_a_posted_event_is_one_run_more_and_neither_a_read_nor_a_write() -> None:
    usage = measure_http_posts(AS_MEASURED, Assumptions())
    assert (usage.lambda_request, usage.sns_publish) == (1, 0), "the publish is in every bill"
    assert (usage.write_unit, usage.read_unit, usage.sqs_request) == (0, 0, 0)
    assert usage.log_bytes > usage.written > 0


def test_the_page_says_what_it_costs() -> None:
    page = (ROOT / "docs" / "capacity.md").read_text("utf-8")
    said = re.search(r"`events_api`: \$([\d.]+), of which \$([\d.]+) is API Gateway's .* A token is \$([\d.]+)", page)
    assert said
    known = list_prices()
    gateway = known["http_api_request"].unit_price * 1_000_000
    whole = compute_bill(measure_http_posts(AS_MEASURED, Assumptions()), known).total + gateway
    assert [float(one) for one in said.groups()[:2]] == pytest.approx([whole, gateway], abs=0.005)
    assert float(said[3]) == pytest.approx(known["token"].unit_price)
