"""The matrix as a person reads it, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.faults.matrix import Again, Cell, Subject, cells
from tests.faults.points import POINTS

__all__ = ["LEGEND", "faults_of", "report"]

LEGEND = (
    "Each cell: mails that left, final state (d delivered, s sent, r rejected, u unknown, i still sending,\n"
    "- no record), L a letter lies in `dead` with its reason, ! a fault; with feedback in time/late/never where they\n"
    "differ. Blank: this handler has no such moment."
)
_STATES = {"sending": "i", "": "-"}
_NAME = 27
_COLUMN = 14


def report(subject: Subject, feedback: tuple[str, ...] = (), points: tuple[str, ...] = ()) -> dict[str, Any]:
    """The matrix of one subject (some of its points, or all): its name, its table in lines, its cells as JSON."""
    found = list(cells(subject, tuple(one for one in POINTS if not points or one.name in points), feedback))
    return {
        "name": subject.name,
        "table": _rows(subject.name, found, subject.resends),
        "cells": [_value(cell, subject.resends) for cell in found],
    }


def _rows(name: str, found: Sequence[Cell], resends: bool) -> list[str]:
    """One table: a line for each point, a column for each way of being delivered again."""
    lines = [name, " " * _NAME + "".join(f"{again:<{_COLUMN}}" for again in Again).rstrip()]
    for point in dict.fromkeys(cell.point.name for cell in found):
        texts = [_column([c for c in found if c.point.name == point and c.again is again], resends) for again in Again]
        lines.append((f"{point:<{_NAME}}" + "".join(f"{text:<{_COLUMN}}" for text in texts)).rstrip())
    faults = [fault for _, fault in faults_of(found, resends)]
    said = ", ".join(f"{faults.count(what)} {what}" for what in ("lost", "duplicated", "silent"))
    two = sum(cell.mails > 1 for cell in found if cell.reached)
    return [*lines, f"{sum(cell.reached for cell in found)} cells: {said}; {two} with more than one mail in all"]


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


def _column(found: Sequence[Cell], resends: bool) -> str:
    texts = [_text(cell, resends) for cell in found]
    return texts[0] if len(set(texts)) == 1 else "/".join(texts)


def _text(cell: Cell, resends: bool) -> str:
    if not cell.reached:
        return ""
    state = _STATES.get(cell.state, cell.state[:1])
    return f"{cell.mails}{state}{'L' if cell.letters else ''}{'!' if cell.fault(resends) else ''}"
