"""Dead letters at an operator's hands: by reason, with what would become of each, and sent again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from operations.installation import Installation
from operations.redrive.dead_letters import DeadLetter, group_by_reason
from operations.redrive.from_record import plan_from_records
from operations.redrive.plan import LetterFilter, Plan, RedriveDecision, plan_redrive
from operations.redrive.queue import peek
from operations.redrive.send import RedriveResult, redrive_letters, send_copies

__all__ = ["MOST_AT_ONCE", "MayHaveGoneError", "ReasonGroup", "age", "group_dead_letters", "redrive"]

#: Letters that one press of a button sends at most: a request must end within seconds.
MOST_AT_ONCE: Final = 100


class MayHaveGoneError(Exception):
    """Some mails may have been sent already: a person must say yes to a second one."""

    def __init__(self, doubtful: Sequence[DeadLetter]) -> None:
        super().__init__(f"{len(doubtful)} may have been sent already; nothing was done")
        self.doubtful = doubtful


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """The letters of one kind of reason, oldest first, each with what a redrive would do with it."""

    reason: str
    letters: tuple[tuple[DeadLetter, RedriveDecision], ...]


def group_dead_letters(installation: Installation) -> list[ReasonGroup]:
    """All that lies in `dead`, most frequent reason first; it stays there."""
    letters = peek(installation.sqs, installation.dead)
    fates = plan_redrive(letters, installation.record).decisions
    return [
        ReasonGroup(reason, tuple((letter, fates[letter.id]) for letter in those))
        for reason, those in group_by_reason(letters).items()
    ]


def redrive(installation: Installation, wanted: LetterFilter, *, confirmed: bool) -> str:
    """Send the wanted letters again and say how many; a message without a letter goes from what its record keeps.

    Raises `MayHaveGoneError` before anything is sent, unless that is `confirmed`, and `UserError` for what cannot be.
    """
    letters = [letter for letter in peek(installation.sqs, installation.dead) if wanted.matches(letter)][:MOST_AT_ONCE]
    if not letters and not wanted.messages:
        return "nothing lies in dead for this reason any more"
    plan = (
        plan_redrive(letters, installation.record)
        if letters
        else plan_from_records(installation, sorted(wanted.messages))
    )
    if (doubtful := plan.letters_to(RedriveDecision.ASK)) and not confirmed:
        raise MayHaveGoneError(doubtful)
    return _told(_carried_out(installation, plan, queued=bool(letters)), plan)


def _carried_out(installation: Installation, plan: Plan, *, queued: bool) -> RedriveResult:
    act = redrive_letters if queued else send_copies
    return act(installation, plan, lambda _: None, RedriveResult())


def _told(done: RedriveResult, plan: Plan) -> str:
    parts = [f"{done.sent} sent again"]
    if done.discarded:
        parts.append(f"{done.discarded} thrown away because the mail has gone")
    if unseen := len(plan.letters) - done.total:
        parts.append(f"{unseen} could not be seen just now: try again in a minute")
    return ", ".join(parts)


def age(since: int, now: float | None = None) -> int:
    """How long a letter has been dead, in milliseconds."""
    return int((now or time.time()) * 1000) - since
