"""Decides what a redrive does with each dead letter, from the ledger's record of its mail."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from function.ledger.record import Record
from function.ledger.states import ACCEPTED, IN_DOUBT, State
from function.reason_codes import ReasonCode
from operations.redrive.dead_letters import DeadLetter

__all__ = ["RedriveDecision", "RedrivePlan", "plan_discard", "plan_redrive"]

#: States for which a letter is deleted: a provider accepted the mail, another message has the event, or its publisher
#: cancelled it.
_OVER = ACCEPTED | {State.REPLACED, State.CANCELLED, State.COLLECTED}


_EMPTY = "has lost its event, which was too long to be kept: publish a shorter one, and discard the letter"


class RedriveDecision(StrEnum):
    """What a redrive does with one letter."""

    SEND = "send"
    #: The mail may have been sent: the operator must confirm a possible second one.
    ASK = "ask"
    #: A provider accepted the mail, or another message has its event: the letter is deleted.
    DISCARD = "discard"
    #: A provider accepted the mail, and the operator wants another one: always confirmed, and sent as another message.
    AGAIN = "again"
    #: Something that the operator can change would stop the mail: the letter stays in `dead`.
    REFUSED = "refused"


@dataclass(slots=True)
class RedrivePlan:
    """Letters and the decision on each, by SQS's id of the letter.

    `attempts` has the attempts for letters that name none, because SQS moved them: they are redriven for the record's
    current attempt.
    """

    decisions: dict[str, RedriveDecision] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)
    attempts: dict[str, str] = field(default_factory=dict)
    #: Why a letter is refused, by SQS's id of the letter.
    refusals: dict[str, str] = field(default_factory=dict)

    def letters_to(self, decision: RedriveDecision) -> list[DeadLetter]:
        """Return the letters with this decision."""
        return [letter for letter in self.letters if self.decisions[letter.id] is decision]

    def exclude(self, decision: RedriveDecision) -> None:
        """Remove the letters with this decision from the plan: they stay in the queue."""
        self.letters = [letter for letter in self.letters if self.decisions[letter.id] is not decision]


def plan_discard(letters: Iterable[DeadLetter]) -> RedrivePlan:
    """Plan to discard each of these dead letters; the records of their mails stay as they are."""
    chosen = list(letters)
    return RedrivePlan({letter.id: RedriveDecision.DISCARD for letter in chosen}, chosen)


def plan_redrive(
    letters: Iterable[DeadLetter],
    read: Callable[[str], Record | None],
    find_obstacle: Callable[[Record], str | None] = lambda _: None,
) -> RedrivePlan:
    """Decide on each of these letters; `read` reads a record from the ledger, `find_obstacle` says what would stop its
    mail.

    Feedback is always sent again: processing it twice changes nothing.
    """
    plan = RedrivePlan()
    for letter in letters:
        record = None if letter.is_feedback else read(letter.message_id)
        plan.letters.append(letter)
        plan.decisions[letter.id] = decide(letter, record)
        why = _EMPTY if letter.is_empty else find_obstacle(record) if record else None
        if why and plan.decisions[letter.id] is not RedriveDecision.DISCARD:
            plan.decisions[letter.id], plan.refusals[letter.id] = RedriveDecision.REFUSED, why
        if letter.attempt is None and record is not None and record.owner:
            plan.attempts[letter.id] = record.owner
    return plan


def decide(letter: DeadLetter, record: Record | None) -> RedriveDecision:
    """Decide on one letter. A letter of an earlier attempt is sent: the notifier recognises it as a duplicate."""
    if letter.is_feedback:
        return RedriveDecision.SEND
    if record is None:  # the mail of the message that had the event before may have been sent
        return RedriveDecision.ASK if letter.reason_code == ReasonCode.MAY_HAVE_GONE else RedriveDecision.SEND
    if record.state in _OVER:
        return RedriveDecision.DISCARD
    is_current = letter.attempt in (None, record.owner)
    return RedriveDecision.ASK if record.state in IN_DOUBT and is_current else RedriveDecision.SEND
