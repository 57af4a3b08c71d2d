"""When SES's reports come: the columns of the matrix that are about feedback. Times in seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

__all__ = ["FEEDBACK", "Feedback", "find_reports", "may_be_second"]

#: How far apart two reports lie that count.
_APART = 300


@dataclass(frozen=True, slots=True)
class Feedback:
    """`own`: how long after each of the event's mails its reports come (None: never).

    `others`: when reports on mails of other events come, each sent just before. `probes`: a probe is reported on.
    `until`: before that, nothing is reported at all, and what was due comes a minute after it. `first`: a report that
    comes before the others of a mail. `beside`: a report in the same batch that cannot be written.
    """

    own: int | None
    others: tuple[int, ...] = ()
    probes: bool = False
    until: int = 0
    first: str = ""
    beside: bool = False


FEEDBACK: dict[str, Feedback] = {
    "in time": Feedback(5, probes=True),
    "late": Feedback(2_000),
    "late, one other": Feedback(2_000, others=(1_200,)),
    "late, two others": Feedback(3_000, others=(1_200, 1_600)),
    "after the resend": Feedback(30_000, others=(1_200, 1_600), probes=True),
    "never": Feedback(None),
    "never, but of others": Feedback(None, others=(1_200, 1_600), probes=True),
    "after an outage": Feedback(5, others=(4_000,), until=4_000, probes=True),
    "not-spam first": Feedback(5, first="not-spam", probes=True),
    "beside a bad one": Feedback(5, beside=True, probes=True),
}


def find_reports(held_until: int, others: Iterable[tuple[int, int]], by: float = inf) -> list[int]:
    """When mails that were sent after `held_until` had been reported, if twice, five minutes apart, by then; else
    nothing. `others` are when other mails were sent and reported. All in seconds."""
    after = [heard for sent, heard in others if sent >= held_until and heard <= by]
    return after if after and max(after) - min(after) >= _APART else []


def may_be_second(held_until: int, second: int, others: Iterable[tuple[int, int]], own: Iterable[int]) -> bool:
    """Whether the one sentence of the limits explains a mail that left at `second` without a yes; `own` is when the
    first was reported."""
    after = find_reports(held_until, others, second)
    return bool(after) and not any(heard < max(after) for heard in own)
