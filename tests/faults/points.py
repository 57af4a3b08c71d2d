"""The named crash points, each as what strikes at which request of the first invocation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.outside import DOWN, Refused

__all__ = ["POINTS", "Act", "Moment", "Point", "Stage", "Strike"]


class Act(StrEnum):
    """What happens at a request."""

    KILL = "kill"
    LOSE = "lose the answer"
    REFUSE = "refuse"


class Moment(StrEnum):
    """A kill: before the request arrives, or after it was done and before its answer is read."""

    BEFORE = "before"
    AFTER = "after"


class Stage(StrEnum):
    """What a handler does at a request; which operation that is, each subject says."""

    CLAIM = "claim"
    SEND = "send"
    RECORD = "record"
    RELEASE = "release"
    PARK = "park"
    LETTER = "letter"
    REJECT = "reject"
    HEAR = "hear"


@dataclass(frozen=True, slots=True)
class Strike:
    """What happens at the first request of a stage."""

    stage: Stage
    act: Act = Act.KILL
    moment: Moment = Moment.AFTER
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One row of the matrix.

    `refused`: the provider refuses the mail for good and the handler learns it, so that no mail is the right end.
    `outage`: for so many seconds the provider refuses every mail for now.
    """

    name: str
    strikes: tuple[Strike, ...]
    refused: bool = False
    outage: int = 0

    @property
    def in_feedback(self) -> bool:
        """Whether it is the feedback's handler that is struck."""
        return any(strike.stage is Stage.HEAR for strike in self.strikes)

    @property
    def on_feedback(self) -> bool:
        """Whether it makes a difference when feedback comes: somebody dies with the claim, or in hearing it."""
        late = (
            strike
            for strike in self.strikes
            if strike.moment is Moment.AFTER and (strike.act is not Act.REFUSE or strike.stage is Stage.RECORD)
        )
        return self.in_feedback or any(strike.stage in (Stage.CLAIM, Stage.SEND, Stage.RECORD) for strike in late)

    @property
    def may_have_gone(self) -> bool:
        """Whether SES took the mail and nobody wrote that down: without feedback, the policy decides."""
        return any(
            (strike.stage is Stage.SEND and strike.act is not Act.REFUSE)
            or (strike.stage is Stage.RECORD and strike.act is Act.REFUSE)
            for strike in self.strikes
        )

    def strike_at(self, stages: Mapping[Stage, tuple[str, int]], operation: str, nth: int) -> Strike | None:
        """What strikes at the `nth` request of an operation."""
        return next((one for one in self.strikes if stages.get(one.stage) == (operation, nth)), None)


_DOWN = Strike(Stage.SEND, Act.REFUSE, refusal=DOWN)
_REFUSED = Strike(Stage.SEND, Act.REFUSE, refusal=Refused("MessageRejected", 400))

POINTS: tuple[Point, ...] = (
    Point("before the claim", (Strike(Stage.CLAIM, moment=Moment.BEFORE),)),
    Point("claim written, answer lost", (Strike(Stage.CLAIM, Act.LOSE),)),
    Point("after the claim", (Strike(Stage.CLAIM),)),
    Point("SES refuses for now", (_DOWN,)),
    Point("SES refuses for two hours", (), outage=2 * 3600),
    Point("SES refuses for good", (_REFUSED,), refused=True),
    Point("SES accepts, answer lost", (Strike(Stage.SEND, Act.LOSE),)),
    Point("after the send", (Strike(Stage.SEND),)),
    Point("an error at the record", (Strike(Stage.RECORD, Act.REFUSE, refusal=Refused("AccessDeniedException", 400)),)),
    Point("after the record", (Strike(Stage.RECORD),)),
    Point("before the release", (_DOWN, Strike(Stage.RELEASE, moment=Moment.BEFORE))),
    Point("after the release", (_DOWN, Strike(Stage.RELEASE))),
    Point("before parking", (_DOWN, Strike(Stage.PARK, moment=Moment.BEFORE))),
    Point("after parking", (_DOWN, Strike(Stage.PARK))),
    Point("before the dead letter", (_REFUSED, Strike(Stage.LETTER, moment=Moment.BEFORE))),
    Point("after the dead letter", (_REFUSED, Strike(Stage.LETTER))),
    Point("letter and record written", (_REFUSED, Strike(Stage.REJECT)), refused=True),
    Point("before feedback is written", (Strike(Stage.HEAR, moment=Moment.BEFORE),)),
    Point("after feedback is written", (Strike(Stage.HEAR),)),
)
