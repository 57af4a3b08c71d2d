"""Dead letters at an operator's hands: by reason, with what would become of each, and sent again."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ops.redrive.from_record import from_records
from ops.redrive.letters import DeadLetter, by_reason
from ops.redrive.place import Place
from ops.redrive.plan import Fate, Plan, Wanted, planned
from ops.redrive.queue import look
from ops.redrive.sending import Done, carry_out, send_anew

#: Letters that one press of a button sends at most: a request must end within seconds.
MOST_AT_ONCE: Final = 100


class MayHaveGoneError(Exception):
    """Some mails may have been sent already: a person must say yes to a second one."""

    def __init__(self, doubtful: Sequence[DeadLetter]) -> None:
        super().__init__(f"{len(doubtful)} may have been sent already; nothing was done")
        self.doubtful = doubtful


@dataclass(frozen=True, slots=True)
class Heap:
    """The letters of one kind of reason, oldest first, each with what a redrive would do with it."""

    reason: str
    letters: tuple[tuple[DeadLetter, Fate], ...]


def heaps(place: Place) -> list[Heap]:
    """All that lies in `dead`, most frequent reason first; it stays there."""
    letters = look(place.sqs, place.dead)
    fates = planned(letters, place.record).fates
    return [
        Heap(reason, tuple((letter, fates[letter.id]) for letter in those))
        for reason, those in by_reason(letters).items()
    ]


def redrive(place: Place, wanted: Wanted, *, confirmed: bool) -> str:
    """Send the wanted letters again and say how many; a message without a letter goes from what its record keeps.

    Raises `MayHaveGoneError` before anything is sent, unless that is `confirmed`, and `UserError` for what cannot be.
    """
    letters = [letter for letter in look(place.sqs, place.dead) if wanted(letter)][:MOST_AT_ONCE]
    if not letters and not wanted.messages:
        return "nothing lies in dead for this reason any more"
    plan = planned(letters, place.record) if letters else from_records(place, sorted(wanted.messages))
    if (doubtful := plan.those(Fate.ASK)) and not confirmed:
        raise MayHaveGoneError(doubtful)
    return _told(_carried_out(place, plan, queued=bool(letters)), plan)


def _carried_out(place: Place, plan: Plan, *, queued: bool) -> Done:
    act = carry_out if queued else send_anew
    return act(place, plan, lambda _: None, Done())


def _told(done: Done, plan: Plan) -> str:
    parts = [f"{done.sent} sent again"]
    if done.thrown_away:
        parts.append(f"{done.thrown_away} thrown away because the mail has gone")
    if unseen := len(plan.letters) - done.total:
        parts.append(f"{unseen} could not be seen just now: try again in a minute")
    return ", ".join(parts)


def age(since: int, now: float | None = None) -> int:
    """How long a letter has been dead, in milliseconds."""
    return int((now or time.time()) * 1000) - since
