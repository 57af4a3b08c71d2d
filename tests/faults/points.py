"""The named crash points, each as what strikes at which request of the first invocation."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.fake_aws import DOWN, Refused

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
    #: How far the reports have come is read, and written.
    READ_MARK = "read the mark"
    WRITE_MARK = "write the mark"
    RESEND = "resend"
    #: A probe is noted, and sent.
    NOTE_PROBE = "note the probe"
    PROBE = "probe"
    #: An event is taken from another message.
    SUCCEED = "succeed"
    #: A letter for a person, whatever was sent to a queue before.
    TELL = "tell a person"


#: Which request a stage is: an operation, and which one of it in an invocation, or a text that its body has.
NthRequest = tuple[str, int | str]


@dataclass(frozen=True, slots=True)
class Strike:
    """What happens at the first request of a stage, in the first invocation or (see `Point`) in any."""

    stage: Stage
    act: Act = Act.KILL
    moment: Moment = Moment.AFTER
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One row of the matrix.

    `refused`: the provider refuses the mail for good and the handler learns it, so that no mail is the right end.
    `outage`: for so many seconds the provider refuses every mail for now. `anywhere`: each strike waits for the first
    invocation that comes to its stage; `feedback`: the columns in which that is worth a look.
    """

    name: str
    strikes: tuple[Strike, ...]
    refused: bool = False
    outage: int = 0
    anywhere: bool = False
    feedback: tuple[str, ...] = ()

    @property
    def in_feedback(self) -> bool:
        """Whether it is the feedback's handler that is struck."""
        return any(strike.stage in (Stage.HEAR, Stage.WRITE_MARK) for strike in self.strikes)

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

    def strike_at(
        self, stages: Mapping[Stage, NthRequest], operation: str, nth: int, body: str, struck: Collection[Strike] = ()
    ) -> Strike | None:
        """What strikes at the `nth` request of an operation, with this body; anywhere, each only once."""
        left = [one for one in self.strikes if not (self.anywhere and one in struck)]
        return next((one for one in left if _is_at(stages.get(one.stage), operation, nth, body)), None)


def _is_at(stage: NthRequest | None, operation: str, nth: int, body: str) -> bool:
    if stage is None or stage[0] != operation:
        return False
    return stage[1] == nth if isinstance(stage[1], int) else stage[1] in body


_DOWN = Strike(Stage.SEND, Act.REFUSE, refusal=DOWN)
_REFUSED = Strike(Stage.SEND, Act.REFUSE, refusal=Refused("MessageRejected", 400))

_LOST = Strike(Stage.SEND, Act.LOSE)
_RESENT = ("after the resend", "never, but of others")
_PROBED = ("after the resend", "never")
_CORRECTED = ("in time",)
_TOLD = ("never",)
_MARKED = ("in time", "after the resend")

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
    Point(
        "after the mark is read",
        (_LOST, Strike(Stage.READ_MARK)),
        anywhere=True,
        feedback=_RESENT,
    ),
    Point("before the resend", (_LOST, Strike(Stage.RESEND, moment=Moment.BEFORE)), anywhere=True, feedback=_RESENT),
    Point("resend written, answer lost", (_LOST, Strike(Stage.RESEND, Act.LOSE)), anywhere=True, feedback=_RESENT),
    Point("after the resend", (_LOST, Strike(Stage.RESEND)), anywhere=True, feedback=_RESENT),
    Point(
        "before the probe is noted",
        (_LOST, Strike(Stage.NOTE_PROBE, moment=Moment.BEFORE)),
        anywhere=True,
        feedback=_PROBED,
    ),
    Point("after the probe is noted", (_LOST, Strike(Stage.NOTE_PROBE)), anywhere=True, feedback=_PROBED),
    Point("after the probe", (_LOST, Strike(Stage.PROBE)), anywhere=True, feedback=_PROBED),
    Point("probe taken, answer lost", (_LOST, Strike(Stage.PROBE, Act.LOSE)), anywhere=True, feedback=_PROBED),
    Point(
        "before the succession",
        (_REFUSED, Strike(Stage.SUCCEED, moment=Moment.BEFORE)),
        anywhere=True,
        feedback=_CORRECTED,
    ),
    Point(
        "succession written, answer lost",
        (_REFUSED, Strike(Stage.SUCCEED, Act.LOSE)),
        anywhere=True,
        feedback=_CORRECTED,
    ),
    Point("after the succession", (_REFUSED, Strike(Stage.SUCCEED)), anywhere=True, feedback=_CORRECTED),
    Point("after the letter on a doubt", (_LOST, Strike(Stage.TELL)), anywhere=True, feedback=_TOLD),
    Point(
        "before the mark of feedback",
        (_LOST, Strike(Stage.WRITE_MARK, moment=Moment.BEFORE)),
        anywhere=True,
        feedback=_MARKED,
    ),
    Point("after the mark of feedback", (_LOST, Strike(Stage.WRITE_MARK)), anywhere=True, feedback=_MARKED),
    Point("before feedback is written", (Strike(Stage.HEAR, moment=Moment.BEFORE),)),
    Point("after feedback is written", (Strike(Stage.HEAR),)),
)
