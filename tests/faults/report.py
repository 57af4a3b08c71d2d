"""The matrix as a person reads it, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import Any

from tests.faults.matrix import Again, Cell, Subject, cells
from tests.faults.points import POINTS

__all__ = ["LEGEND", "faults_of", "report"]

LEGEND = (
    "A line for each crash point, and for each feedback where that makes a difference;\n"
    "a column for each way of being delivered again (corr.: other content). A cell:\n"
    "the mails that left; the final state (d delivered, s sent, r rejected, u unknown,\n"
    "i still sending, - no record); L where a letter lies in `dead` with its reason;\n"
    "! where the promise is broken."
)
_STATES = {"sending": "i", "": "-"}
_NAME = 27
_HEARD = 23
_COLUMN = 6
_HEADINGS = {
    Again.NONE: ("not", "again"),
    Again.ONCE: ("once", "more"),
    Again.TWICE: ("twice", "more"),
    Again.TOGETHER: ("2 at", "once"),
    Again.NEXT_DAY: ("next", "day"),
    Again.RELEASED: ("new", "rel."),
    Again.PUBLISHED: ("pub.", "again"),
    Again.CORRECTED: ("corr.", "once"),
    Again.CORRECTED_LATE: ("corr.", "later"),
}


def report(subject: Subject, feedback: tuple[str, ...] = (), points: tuple[str, ...] = ()) -> dict[str, Any]:
    """The matrix of one subject (some of its points, or all): its name, its table in lines, its cells as JSON."""
    found = list(cells(subject, tuple(one for one in POINTS if not points or one.name in points), feedback))
    return {
        "name": subject.name,
        "table": _rows(subject.name, found, subject.resends),
        "cells": [_value(cell, subject.resends) for cell in found],
    }


def _rows(name: str, found: Sequence[Cell], resends: bool) -> list[str]:
    """One table, 104 columns wide."""
    lines = [name, *(" " * (_NAME + _HEARD) + _columns(heading) for heading in zip(*_HEADINGS.values(), strict=True))]
    reached = dict.fromkeys(cell.point.name for cell in found if cell.reached)
    for point in reached:
        label = point
        for when, texts in _lines([cell for cell in found if cell.point.name == point], resends):
            lines.append(f"{label:<{_NAME}}{when:<{_HEARD}}{_columns(texts)}".rstrip())
            label = ""
    faults = [fault for _, fault in faults_of(found, resends)]
    said = ", ".join(f"{faults.count(what)} {what}" for what in ("lost", "duplicated", "silent"))
    two = sum(cell.mails > 1 for cell in found if cell.reached)
    if absent := dict.fromkeys(cell.point.name for cell in found if cell.point.name not in reached):
        lines += wrap(f"This handler has no such moment: {', '.join(absent)}.", 80)
    return [*lines, f"{sum(cell.reached for cell in found)} cells: {said}; {two} with more than one mail in all"]


def _lines(found: Sequence[Cell], resends: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The lines of one point, each with what it says of the feedback: those that are the same are one."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for when in dict.fromkeys(cell.feedback for cell in found):
        texts = tuple(_text(cell, resends) for cell in found if cell.feedback == when)
        alike.setdefault(texts, []).append(when)
    for texts, whens in alike.items():
        if any(texts) or len(alike) == 1:
            yield from _add_labels("" if len(alike) == 1 else ", ".join(whens), texts)


def _add_labels(whens: str, texts: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A line, and before it what does not fit into its label."""
    *before, last = wrap(whens, _HEARD - 1) or [""]
    yield from ((words, ()) for words in before)
    yield last, texts


def _columns(texts: Iterable[str]) -> str:
    return "".join(f"{text:<{_COLUMN}}" for text in texts).rstrip()


def faults_of(found: Iterable[Cell], resends: bool) -> list[tuple[Cell, str]]:
    """The cells that break the promise, and how."""
    return [(cell, fault) for cell in found if cell.reached and (fault := cell.fault(resends))]


def _value(cell: Cell, resends: bool) -> dict[str, Any]:
    """A cell as JSON."""
    return {
        "point": cell.point.name,
        "again": str(cell.again),
        "feedback": cell.feedback,
        "reached": cell.reached,
        "mails": cell.mails,
        "state": cell.state,
        "letters": list(cell.letters),
        "invocations": cell.invocations,
        "fault": cell.fault(resends) if cell.reached else None,
    }


def _text(cell: Cell, resends: bool) -> str:
    if not cell.reached:
        return ""
    state = _STATES.get(cell.state, cell.state[:1])
    return f"{cell.mails}{state}{'L' if cell.letters else ''}{'!' if cell.fault(resends) else ''}"
