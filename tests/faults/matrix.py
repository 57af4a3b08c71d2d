"""Every crash point, with every way of being delivered again, with every feedback: what is left in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fakes.dynamodb.table import MemoryTable
from tests.faults.botocore_pipe import BotocorePipe, ProcessClock
from tests.faults.envelopes import CORRECTED
from tests.faults.fake_aws import FakeAws, Mail
from tests.faults.platform import Platform
from tests.faults.points import POINTS, NthRequest, Point, Stage
from tests.faults.reports import FEEDBACK, find_reports, may_be_second
from tests.faults.sandbox import Handler, Sandboxes

__all__ = ["Again", "Cell", "Subject", "cells"]

_NOW = 1_795_248_000_000
_DAY = 86_400
#: The ledger's hold, in seconds.
_HOLD = 900


class Again(StrEnum):
    """How the event is delivered beyond what AWS does by itself when an invocation fails; corrected: as another message
    with other content."""

    NONE = "not again"
    ONCE = "once"
    TWICE = "twice"
    TOGETHER = "two at once"
    NEXT_DAY = "next day"
    RELEASED = "new release"
    PUBLISHED = "published again"
    CORRECTED = "corrected"
    CORRECTED_LATE = "corrected next day"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose handlers are put to it. `handlers` by function and release (`notify@r1`); `stages` says which request
    is what; `table` is its name and key, and `read_state` reads it at the end: a state's name, or nothing.

    `listens`: it handles feedback; `queues`: it has a place for what Lambda gives up on; `resends` is its stated policy
    where nobody knows whether the mail went.
    """

    name: str
    handlers: Mapping[str, Handler]
    stages: Mapping[Stage, NthRequest]
    table: tuple[str, str]
    read_state: Callable[[MemoryTable], str]
    pipe: BotocorePipe
    clock: ProcessClock
    listens: bool = False
    queues: bool = False
    resends: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of one event. `reached`: the point exists in this handler; `letters` lie in `dead`.

    `explained`: a second mail is what the limits say; `reported`: other mails were, so that a person need not decide;
    `corrected`: no mail says what had been corrected before.
    """

    point: Point
    again: Again
    feedback: str
    reached: bool
    ended: bool
    mails: int
    state: str
    letters: tuple[str, ...]
    invocations: int
    explained: bool = False
    reported: bool = True
    corrected: bool = True

    def fault(self, resends: bool) -> str | None:
        """What is wrong with it: lost, duplicated or silent; `resends` is the policy where nobody knows."""
        if self.mails > 1 + (resends and self.explained):
            return "duplicated"
        if not self.corrected:
            return "lost"
        if self.mails == 0 and not (self.letters and (self.point.refused or not resends or not self.reported)):
            return "lost"
        if any(not reason for reason in self.letters) or (self.mails and not self._told) or not self.ended:
            return "silent"
        return None

    @property
    def _told(self) -> bool:
        """Whether somebody who looks learns what became of the mail."""
        return bool(self.letters) or self.state not in ("", "sending", "unknown", "released")


def cells(subject: Subject, points: tuple[Point, ...] = POINTS, feedback: tuple[str, ...] = ()) -> Iterator[Cell]:
    """The matrix, cell by cell."""
    for point in points:
        for again in Again:
            for when in feedback or point.feedback or (FEEDBACK if point.on_feedback else ("in time", "never")):
                yield (
                    _cell(subject, point, again, when)
                    if _has(subject, point)
                    else _make_unreached_cell(point, again, when)
                )


def _has(subject: Subject, point: Point) -> bool:
    """Whether the handler can come to a point that waits for any of its invocations."""
    return not point.anywhere or all(strike.stage in subject.stages for strike in point.strikes)


def _make_unreached_cell(point: Point, again: Again, when: str) -> Cell:
    return Cell(point, again, when, reached=False, ended=True, mails=0, state="", letters=(), invocations=0)


def _cell(subject: Subject, point: Point, again: Again, when: str) -> Cell:
    aws = FakeAws(MemoryTable(*subject.table), _NOW, _NOW + point.outage * 1000)
    sandboxes = Sandboxes(subject.handlers, subject.stages, subject.pipe, subject.clock)
    world = Platform(sandboxes, aws, point, FEEDBACK[when], subject.listens, subject.queues)
    world.begin()
    free = _publish(world, again, subject)
    try:
        ended = world.run()
    finally:
        sandboxes.close()
    mails = [mail for mail in aws.mails if not mail.probe]
    reasons = tuple(
        letter.get("MessageAttributes", {}).get("reason", {}).get("StringValue", "") for letter in world.dead
    )
    return Cell(
        point,
        again,
        when,
        reached={strike.stage for strike in sandboxes.struck} == {strike.stage for strike in point.strikes},
        ended=ended,
        mails=len(mails),
        state=subject.read_state(aws.table),
        letters=reasons,
        invocations=world.invocations,
        explained=len(mails) > 1 and _may_be_two(mails, world),
        reported=not subject.listens or bool(find_reports(_HOLD, world.others)),
        corrected=all("Corrected" in mail.subject for mail in mails if free and mail.at >= free[0]),
    )


def _may_be_two(mails: list[Mail], world: Platform) -> bool:
    first, second = ((mail.at - _NOW) // 1000 for mail in mails[:2])
    return may_be_second(first + _HOLD, second, world.others, world.heard)


def _publish(world: Platform, again: Again, subject: Subject) -> list[int]:
    """Deliver the event. The answer is filled with when other content came while nothing was sent, if it did."""
    free: list[int] = []

    def correct() -> None:
        if subject.read_state(world.aws.table) in ("", "released", "rejected") and not world.aws.mails:
            free.append(world.aws.now_ms)
        world.deliver("m2", body=CORRECTED)

    def next_release() -> None:
        world.release = "r2"
        world.deliver("m1")

    world.at(0, lambda: world.deliver("m1", *(["m1"] if again is Again.TOGETHER else [])))
    match again:
        case Again.ONCE | Again.TWICE:
            world.at(1, lambda: world.deliver("m1"))
            if again is Again.TWICE:
                world.at(2, lambda: world.deliver("m1"))
        case Again.NEXT_DAY:
            world.at(_DAY, lambda: world.deliver("m1"))
        case Again.RELEASED:
            world.at(1, next_release)
        case Again.PUBLISHED:
            world.at(1, lambda: world.deliver("m2"))
        case Again.CORRECTED | Again.CORRECTED_LATE:
            world.at(1 if again is Again.CORRECTED else _DAY, correct)
    return free
