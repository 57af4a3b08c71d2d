"""Every crash point, with every way of being delivered again, with every feedback: what is left in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tests.faults.outside import Outside
from tests.faults.platform import Platform
from tests.faults.points import POINTS, Point, Stage
from tests.faults.sandbox import Handler, Sandboxes
from tests.faults.wire import Line, Time
from tests.model.table import MemoryTable

__all__ = ["FEEDBACK", "Again", "Cell", "Subject", "cells"]

_NOW = 1_795_248_000_000
_DAY = 86_400
#: When SES's word arrives, in seconds after the mail: before the hold ends, after it, never.
FEEDBACK: dict[str, int | None] = {"in time": 5, "late": 2_000, "never": None}


class Again(StrEnum):
    """How the event is delivered beyond what AWS does by itself when an invocation fails."""

    NONE = "not again"
    ONCE = "once"
    TWICE = "twice"
    TOGETHER = "two at once"
    NEXT_DAY = "next day"
    RELEASED = "new release"
    PUBLISHED = "published again"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose handlers are put to it. `handlers` by function and release (`notify@r1`); `stages` says which request
    is what; `table` is its name and key, and `fate` reads it at the end: a state's name, or nothing.

    `listens`: it handles feedback; `queues`: it has a place for what Lambda gives up on; `resends` is its stated policy
    where nobody knows whether the mail went.
    """

    name: str
    handlers: Mapping[str, Handler]
    stages: Mapping[Stage, tuple[str, int]]
    table: tuple[str, str]
    fate: Callable[[MemoryTable], str]
    line: Line
    clock: Time
    listens: bool = False
    queues: bool = False
    resends: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of one event. `reached`: the point exists in this handler; `letters` lie in `dead`."""

    point: Point
    again: Again
    feedback: str
    reached: bool
    ended: bool
    mails: int
    state: str
    letters: tuple[str, ...]
    invocations: int

    def fault(self, resends: bool) -> str | None:
        """What is wrong with it: lost, duplicated or silent; `resends` is the policy where nobody knows."""
        licensed = 2 if resends and self.point.may_have_gone and self.feedback != "in time" else 1
        if self.mails > licensed:
            return "duplicated"
        if self.mails == 0 and not (self.letters and (self.point.refused or not resends)):
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
            for when in feedback or tuple(FEEDBACK):
                yield _cell(subject, point, again, when)


def _cell(subject: Subject, point: Point, again: Again, when: str) -> Cell:
    outside = Outside(MemoryTable(*subject.table), _NOW, _NOW + point.outage * 1000)
    sandboxes = Sandboxes(subject.handlers, subject.stages, subject.line, subject.clock)
    world = Platform(sandboxes, outside, point, FEEDBACK[when], subject.listens, subject.queues)
    _publish(world, again)
    try:
        ended = world.run()
    finally:
        sandboxes.close()
    reasons = tuple(
        letter.get("MessageAttributes", {}).get("reason", {}).get("StringValue", "") for letter in world.dead
    )
    return Cell(
        point,
        again,
        when,
        reached={strike.stage for strike in sandboxes.struck} == {strike.stage for strike in point.strikes},
        ended=ended,
        mails=len(outside.mails),
        state=subject.fate(outside.table),
        letters=reasons,
        invocations=world.invocations,
    )


def _publish(world: Platform, again: Again) -> None:
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
