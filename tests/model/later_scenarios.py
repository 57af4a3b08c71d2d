"""What is explored of events that wait for their time, and of what is cancelled."""

from __future__ import annotations

from tests.model.model_state import Budget
from tests.model.rules import Rules
from tests.model.scenario import Scenario

__all__ = ["LATER"]

_LATER = Rules(later="a")
_TEN = 600_000


def _build_rules(scheduler: int, others: int) -> Rules:
    return Rules(later="a", ahead=(scheduler, others))


LATER: tuple[Scenario, ...] = (
    Scenario(
        "an event that waits, two runs of the scheduler at once, a crash anywhere",
        (1,),
        Budget(minutes=1, polls=2, crashes=1),
        _LATER,
    ),
    Scenario(
        "two messages of an event that waits, answers of the table lost and contended",
        (1, 1),
        Budget(minutes=1, polls=1, repeats=1, conflicts=1),
        _LATER,
    ),
    Scenario(
        "an event that waits, what is not sent, and what is refused and redriven",
        (1,),
        Budget(minutes=1, polls=1, not_sent=1, refused=1, redrives=1),
        _LATER,
    ),
    Scenario("an event that waits, and its answer is lost", (1,), Budget(minutes=1, polls=1, lost=1, ticks=1), _LATER),
    Scenario("the scheduler's clock is ten minutes ahead", (1,), Budget(minutes=1, polls=1), _build_rules(_TEN, 0)),
    Scenario("the scheduler's clock is ten minutes behind", (1,), Budget(minutes=3, polls=2), _build_rules(-_TEN, 0)),
    Scenario("the notifier's clock is ten minutes ahead", (2,), Budget(minutes=1, polls=1), _build_rules(0, _TEN)),
    Scenario("the notifier's clock is ten minutes behind", (1,), Budget(minutes=3, polls=1), _build_rules(0, -_TEN)),
    Scenario(
        "the reader unsubscribes while the event waits",
        (1,),
        Budget(minutes=1, polls=1, unsubscribes=1, resubscribes=1, redrives=1),
        _LATER,
    ),
    Scenario(
        "an event that waits can no longer be rendered",
        (1,),
        Budget(minutes=1, polls=1, upgrades=1, crashes=1),
        Rules(later="a", breaks_at=2),
    ),
    Scenario(
        "an event that waits is cancelled, a crash anywhere",
        (1, 1),
        Budget(minutes=1, polls=1, crashes=1),
        Rules(later="a", contents="a-"),
    ),
    Scenario(
        "two cancellations of an event that is published twice",
        (2, 2),
        Budget(),
        Rules(contents="a-"),
    ),
    Scenario(
        "an event is cancelled while its answer is lost",
        (1, 1),
        Budget(lost=1, ticks=1, days=1),
        Rules(contents="a-", resends=0),
    ),
    Scenario(
        "reported before: an event is cancelled while its answer is lost",
        (1, 1),
        Budget(lost=1, ticks=1, days=1),
        Rules(contents="a-", reported=True),
    ),
    Scenario(
        "an event is cancelled past its hold, and only then it is told that nothing was sent",
        (1, 1),
        Budget(not_sent=1, ticks=1, crashes=1),
        Rules(contents="a-", resends=0),
    ),
    Scenario(
        "the same, told by the delivery after it",
        (1, 1),
        Budget(not_sent=1, throttles=1, ticks=1),
        Rules(contents="a-", resends=0),
    ),
    Scenario(
        "an event is cancelled while it is not sent, or refused and redriven",
        (1, 1),
        Budget(not_sent=1, refused=1, redrives=1, crashes=1),
        Rules(contents="a-"),
    ),
    Scenario(
        "other content over an event that waits",
        (1, 1),
        Budget(minutes=1, polls=1),
        Rules(later="a", contents="ab"),
    ),
    Scenario(
        "other content over an event that waits, a crash anywhere",
        (1, 1),
        Budget(minutes=1, polls=2, crashes=1),
        Rules(later="a", contents="ab"),
        large=True,
    ),
    Scenario(
        "other content, and a cancellation, of an event that waits",
        (1, 1, 1),
        Budget(minutes=1, polls=1),
        Rules(later="ab", contents="ab-"),
        large=True,
    ),
    Scenario(
        "an event that was cancelled, and its retention",
        (1, 1),
        Budget(ages=1),
        Rules(later="a", contents="a-"),
    ),
)
