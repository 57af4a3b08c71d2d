"""What telling others adds, and that it adds nothing to a mail of which nobody wants to hear."""

from __future__ import annotations

import re

import pytest

from bench.cost.assumptions import AS_MEASURED, Assumptions
from bench.cost.bill import compute_bill
from bench.cost.prices import prices
from bench.cost.telling import FULL, telling
from laptop.state import ROOT


@pytest.mark.parametrize(("batch", "invocations", "publishes"), [(FULL, 0.02, 0.2), (1, 2, 2)])
def test_two_events_a_mail_are_published_in_tens_where_there_are_so_many(
    batch: int, invocations: float, publishes: float
) -> None:
    usage = telling(AS_MEASURED, Assumptions(), batch)
    assert (usage.lambda_request, usage.sns_publish) == (invocations, publishes)
    assert (usage.write_unit, usage.read_unit, usage.sqs_request) == (0, 0, 0), "nothing is written or read for it"


def test_the_page_says_what_it_costs() -> None:
    said = re.search(r"`mail_events`: \$([\d.]+) to \$([\d.]+)", (ROOT / "docs" / "capacity.md").read_text("utf-8"))
    assert said
    found = [compute_bill(telling(AS_MEASURED, Assumptions(), batch), prices()).total for batch in (FULL, 1)]
    assert [float(one) for one in said.groups()] == pytest.approx(found, abs=0.005)
