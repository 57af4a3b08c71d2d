"""Dead letters for an operator: by reason, with what a redrive would do with each, and the redrive itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from operations.installation import Installation
from operations.redrive.dead_letters import DeadLetter, describe_reason, group_by_reason
from operations.redrive.from_record import plan_again, plan_from_records
from operations.redrive.plan import LetterFilter, RedriveDecision, RedrivePlan, plan_redrive
from operations.redrive.queue import peek
from operations.redrive.send import RedriveResult, redrive_letters, send_copies

__all__ = ["MayHaveGoneError", "ReasonGroup", "group_dead_letters", "redrive", "send_once_more"]

#: Seconds after which a request stops sending and says what is left: API Gateway gives up after 30.
_SECONDS: Final = 20.0


class MayHaveGoneError(Exception):
    """Some mails may have been sent already: the operator must confirm that a second one may arrive."""

    def __init__(self, doubtful: Sequence[DeadLetter]) -> None:
        super().__init__(f"{len(doubtful)} may have been sent already; nothing was done")
        self.doubtful = doubtful


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """The letters with one reason code, oldest first, each with what a redrive would do with it."""

    code: str
    reason: str
    letters: tuple[tuple[DeadLetter, RedriveDecision], ...]


def group_dead_letters(installation: Installation) -> list[ReasonGroup]:
    """All letters in `dead`, the most frequent reason first; they stay there."""
    letters = peek(installation.sqs, installation.dead)
    decisions = plan_redrive(letters, installation.record).decisions
    return [
        ReasonGroup(code, describe_reason(code, group), tuple((letter, decisions[letter.id]) for letter in group))
        for code, group in group_by_reason(letters).items()
    ]


def redrive(
    installation: Installation,
    letter_filter: LetterFilter,
    *,
    confirmed: bool,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Redrive the letters of the filter and say how many; a message without a letter goes from its record.

    Raises `MayHaveGoneError` before anything is sent, unless that is `confirmed`, and `UserError` for what cannot be.
    """
    until = clock() + _SECONDS
    letters = [letter for letter in peek(installation.sqs, installation.dead) if letter_filter.matches(letter)]
    if not letters and not letter_filter.messages:
        return "nothing lies in dead for this reason any more"
    messages = sorted(letter_filter.messages)
    plan = plan_redrive(letters, installation.record) if letters else plan_from_records(installation, messages)
    if (doubtful := plan.letters_to(RedriveDecision.ASK)) and not confirmed:
        raise MayHaveGoneError(doubtful)
    act = redrive_letters if letters else send_copies
    result = act(installation, plan, lambda _: None, RedriveResult(), lambda: clock() < until)
    return _describe(result, plan)


def send_once_more(installation: Installation, message_id: str, *, confirmed: bool) -> str:
    """Send a mail that a provider accepted once more, as another message; says under which.

    Raises `MayHaveGoneError` before anything is sent, unless that is `confirmed`, and `UserError` for what cannot be.
    """
    plan = plan_again(installation, [message_id])
    if not confirmed:
        raise MayHaveGoneError(plan.letters)
    send_copies(installation, plan, lambda _: None, RedriveResult())
    return f"sent again, as {plan.letters[0].message_id}"


def _describe(result: RedriveResult, plan: RedrivePlan) -> str:
    parts = [f"{result.sent} queued again"]
    if result.discarded:
        parts.append(f"{result.discarded} thrown away because the mail has gone, or another message has its event")
    if left := len(plan.letters) - result.total:
        parts.append(f"{left} not yet: they are still in dead, send them again")
    return ", ".join(parts)
