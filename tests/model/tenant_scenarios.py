"""What is explored of events of several tenants for one reader. See `scenarios`."""

from __future__ import annotations

from function.ledger.states import Action
from tests.model.model_state import Budget
from tests.model.rules import Rules
from tests.model.scenario import Scenario

__all__ = ["TENANTS"]

_COMPLAINS = (Action.FEEDBACK_COMPLAINED,)


def _tenants(own: str) -> Rules:
    """Two events of the tenant `p` and one of `q`; `own` are those of them with a list of their own."""
    return Rules(tenants=True, contents="pPq", own=own)


TENANTS: tuple[Scenario, ...] = (
    Scenario(
        "a complaint about a tenant's mail, each with its own list", (1, 1, 1), Budget(), _tenants("pq"), _COMPLAINS
    ),
    Scenario(
        "a complaint about a tenant's mail, one with its own list", (1, 1, 1), Budget(), _tenants("p"), _COMPLAINS
    ),
    Scenario("a complaint about a tenant's mail, one list for all", (1, 1, 1), Budget(), _tenants(""), _COMPLAINS),
    Scenario(
        "a complaint about a tenant's mail, a crash anywhere, and writes contended",
        (1, 1, 1),
        Budget(crashes=1, conflicts=1),
        _tenants("p"),
        _COMPLAINS,
    ),
)
