"""What is explored of digests: windows of five minutes, each message an event of its own. See `scenarios`."""

from __future__ import annotations

from tests.model.model_state import Budget
from tests.model.rules import Rules

__all__ = ["DIGESTS"]

_ONE = Rules(digest=True, contents="a")
_TWO = Rules(digest=True, contents="ab")
_TEN = 600_000

#: Name, copies, budget, rules, and whether it is large.
DIGESTS: tuple[tuple[str, tuple[int, ...], Budget, Rules, bool], ...] = (
    ("two events of one digest, a crash anywhere", (1, 1), Budget(minutes=1, polls=1, crashes=1), _TWO, False),
    (
        "a digest, and two who close it at once",
        (1,),
        Budget(minutes=1, polls=2),
        _ONE,
        False,
    ),
    (
        "the same, a crash anywhere",
        (1,),
        Budget(minutes=1, polls=2, crashes=1),
        _ONE,
        True,
    ),
    (
        "an event that comes as its window closes, by a clock that is behind",
        (1, 1),
        Budget(minutes=1, polls=1),
        Rules(digest=True, contents="ab", slow="m2"),
        False,
    ),
    (
        "an event that comes as its window closes, by a clock that is behind, a crash anywhere",
        (1, 1),
        Budget(minutes=1, polls=1, crashes=1),
        Rules(digest=True, contents="ab", slow="m2"),
        True,
    ),
    (
        "a digest: answers of the table lost and contended",
        (1, 1),
        Budget(minutes=1, polls=1, repeats=1, conflicts=1),
        _TWO,
        True,
    ),
    (
        "a digest whose answer is lost",
        (1,),
        Budget(minutes=1, polls=1, lost=1, ticks=1, days=1),
        _ONE,
        False,
    ),
    (
        "a digest that is not sent at first",
        (1,),
        Budget(minutes=1, polls=1, not_sent=1, crashes=1),
        _ONE,
        False,
    ),
    (
        "the scheduler's clock is ten minutes ahead of a digest",
        (1, 1),
        Budget(minutes=1, polls=1),
        Rules(digest=True, contents="ab", ahead=(_TEN, 0)),
        False,
    ),
    (
        "the closer's clock is ten minutes ahead",
        (1, 1),
        Budget(minutes=1, polls=1),
        Rules(digest=True, contents="ab", ahead=(_TEN, _TEN)),
        False,
    ),
    (
        "one of two events of a digest is cancelled",
        (1, 1, 1),
        Budget(minutes=1, polls=1),
        Rules(digest=True, contents="ab-"),
        True,
    ),
    (
        "the only event of a digest is cancelled",
        (1, 1),
        Budget(minutes=1, polls=1),
        Rules(digest=True, contents="a-"),
        False,
    ),
    (
        "the only event of a digest is cancelled, a crash anywhere",
        (1, 1),
        Budget(minutes=1, polls=1, crashes=1),
        Rules(digest=True, contents="a-"),
        True,
    ),
    (
        "other content over an event of a digest",
        (1, 1),
        Budget(minutes=1, polls=1),
        Rules(digest=True, contents="aA"),
        True,
    ),
    (
        "other content over an event of a digest, by a clock that is behind",
        (1, 1),
        Budget(minutes=1, polls=1),
        Rules(digest=True, contents="aA", slow="m1"),
        True,
    ),
    (
        "the reader unsubscribes while events are collected",
        (1, 1),
        Budget(minutes=1, polls=1, unsubscribes=1),
        _TWO,
        False,
    ),
)
