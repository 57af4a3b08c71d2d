"""What a mail costs whose event names several recipients: its own three writes, and its part of the event's two."""

from __future__ import annotations

import re

import pytest

from bench.cost.assumptions import AS_MEASURED, Assumptions
from bench.cost.bill import compute_bill
from bench.cost.prices import list_prices
from bench.cost.several_recipients import measure_parts
from laptop.state import ROOT

pytestmark = pytest.mark.slow


def test_recipients_share_the_event_and_each_has_a_run_and_a_trip_through_the_queue() -> None:
    ten = measure_parts(AS_MEASURED, Assumptions(), 10)
    assert (ten.sns_publish, ten.lambda_request) == (0.1, 1.1)
    assert ten.sqs_request == pytest.approx(2.1)
    # Message, event and address in one transaction, then the record; of the event, a tenth of message and event.
    assert ten.write_unit == pytest.approx(2 * 3 + 1 + 2 * 2 / 10)


def test_the_page_says_what_it_costs() -> None:
    page = (ROOT / "docs" / "capacity.md").read_text("utf-8")
    figures = r"several `recipients`: \$([\d.]+) for a million mails .*?, to ten each; \$([\d.]+) to fifty"
    said = re.search(figures, page)
    assert said
    found = [compute_bill(measure_parts(AS_MEASURED, Assumptions(), count), list_prices()).total for count in (10, 50)]
    assert [float(one) for one in said.groups()] == pytest.approx(found, abs=0.005)
