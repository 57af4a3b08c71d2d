"""What a redrive does with each letter, from what the ledger knows of its mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from function.ledger import Record, State
from function.ledger.states import IN_DOUBT, PRECEDENCE
from operations.redrive.dead_letters import DeadLetter

__all__ = ["Fate", "Plan", "Wanted", "planned"]

#: States of a mail that went: the redrive of such a letter is thrown away. A refused one did not reach anybody.
_MAILED = frozenset(PRECEDENCE[: PRECEDENCE.index(State.SENT) + 1]) - {State.REFUSED}


class Fate(StrEnum):
    """What becomes of a letter."""

    SEND = "send"
    #: The mail may have gone: a second one needs a person's yes.
    ASK = "ask"
    #: The mail has gone since: nothing is left to send.
    THROW_AWAY = "throw away"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters a person means; empty means all."""

    messages: frozenset[str] = frozenset()
    reason: str = ""

    def __call__(self, letter: DeadLetter) -> bool:
        named = not self.messages or letter.message_id in self.messages
        return named and self.reason.lower() in letter.reason.lower()


@dataclass(slots=True)
class Plan:
    """Letters by what becomes of them. `attempts` are the attempts that letters belong to, by SQS's id of the letter:
    a letter that SQS moved has no mark, and goes as one of the attempt that the record is at."""

    fates: dict[str, Fate] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    attempts: dict[str, str] = field(default_factory=dict)

    def those(self, fate: Fate) -> list[DeadLetter]:
        """The letters of one fate."""
        return [letter for letter in self.letters if self.fates[letter.id] is fate]

    def leave(self, fate: Fate) -> None:
        """Leave the letters of one fate where they are."""
        self.letters = [letter for letter in self.letters if self.fates[letter.id] is not fate]


def planned(letters: Iterable[DeadLetter], read: Callable[[str], Record | None]) -> Plan:
    """The plan for these letters; `read` asks the ledger. Feedback heard twice changes nothing."""
    plan = Plan()
    for letter in letters:
        record = None if letter.is_feedback else read(letter.message_id)
        plan.letters.append(letter)
        plan.fates[letter.id] = fate_of(letter, record)
        if letter.attempt is None and record is not None and record.owner:
            plan.attempts[letter.id] = record.owner
    return plan


def fate_of(letter: DeadLetter, record: Record | None) -> Fate:
    """What becomes of one letter; a letter of an attempt that is over is sent, and notify says that it is."""
    if record is None or letter.is_feedback:
        return Fate.SEND
    if record.state in _MAILED:
        return Fate.THROW_AWAY
    return Fate.ASK if record.state in IN_DOUBT and letter.attempt in (None, record.owner) else Fate.SEND
