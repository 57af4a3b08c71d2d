"""The ways one request can go, and what each uses up of a world's budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fakes.dynamodb.errors import make_cancellation, reason
from function.errors import NotificationError, OutcomeUnknown, ProviderUnavailable, RefusedForGood
from function.ledger.table import Contended
from tests.model.model_state import Budget
from tests.model.replay import Step

__all__ = ["LIVE", "Live", "branches"]

Live = Callable[[Step, Callable[[], Any]], Any]


def _make_failing(error: NotificationError) -> Live:
    def live(step: Step, work: Callable[[], Any]) -> Any:
        raise error

    return live


def _repeat(_step: Step, work: Callable[[], Any]) -> Any:
    """The answer is lost and botocore repeats the request: what counts is the second answer."""
    try:
        work()
    except Exception as error:
        del error
    return work()


def _conflict(_step: Step, _work: Callable[[], Any]) -> Any:
    raise make_cancellation([reason("TransactionConflict")])


def _throttle(_step: Step, _work: Callable[[], Any]) -> Any:
    raise Contended("throttled, however often it was repeated")


LIVE: dict[str, Live] = {
    "done": lambda _, work: work(),
    "accepted": lambda _, work: work(),
    "accepted, answer lost": _make_failing(OutcomeUnknown("lost")),
    "not accepted, answer lost": _make_failing(OutcomeUnknown("lost")),
    "not sent": _make_failing(ProviderUnavailable("down")),
    "refused": _make_failing(RefusedForGood("refused")),
    "done twice": _repeat,
    "conflict": _conflict,
    "throttled": _throttle,
}


def branches(step: Step, budget: Budget) -> Iterator[tuple[str, str]]:
    """The ways `step` can go, each with what it uses up of the budget, if anything."""
    if step.kind == "send":
        yield "accepted", ""
        ways = {
            "accepted, answer lost": "lost",
            "not accepted, answer lost": "vanished",
            "not sent": "not_sent",
            "refused": "refused",
        }
    else:
        yield "done", ""
        repeated = {"done twice": "repeats"} if step.kind == "table" and not step.what.startswith("get") else {}
        ways = repeated | ({"conflict": "conflicts"} if step.what == "transact" else {})
        ways |= {"throttled": "throttles"} if step.what == "update message" else {}
    yield from ((name, spent) for name, spent in ways.items() if getattr(budget, spent))
