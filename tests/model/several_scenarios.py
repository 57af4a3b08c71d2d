"""What is explored of events with two recipients. See `scenarios`."""

from __future__ import annotations

from tests.model.model_state import Budget
from tests.model.rules import Rules
from tests.model.scenario import Scenario

__all__ = ["SEVERAL"]


def _build_rules(contents: str = "") -> Rules:
    return Rules(several=True, contents=contents)


SEVERAL: tuple[Scenario, ...] = (
    Scenario("an event to two, a crash anywhere", (1,), Budget(crashes=1), _build_rules()),
    Scenario("an event to two, delivered twice, a crash anywhere", (2,), Budget(crashes=1), _build_rules()),
    Scenario("an event to two, published twice, a crash anywhere", (1, 1), Budget(crashes=1), _build_rules()),
    Scenario(
        "an event to two, of whom one is refused and redriven", (1,), Budget(refused=1, redrives=1), _build_rules()
    ),
    Scenario("an event to two, whose answer is lost", (1,), Budget(lost=1, ticks=1), _build_rules()),
    Scenario("an event to two, writes repeated and contended", (1,), Budget(repeats=1, conflicts=1), _build_rules()),
    Scenario("other content to two, in another order", (1, 1), Budget(), _build_rules("aB")),
    Scenario("other content, to one more", (1, 1), Budget(), _build_rules("da")),
    Scenario("an event to two is cancelled", (1, 1), Budget(), _build_rules("a-")),
    Scenario(
        "an event to two is cancelled, a crash anywhere", (1, 1), Budget(crashes=1), _build_rules("a-"), large=True
    ),
)
