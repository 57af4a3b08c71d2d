"""Dead letters for an operator: grouped by reason, with what a redrive would do with each, and the redrive itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from operations.errors import UserError
from operations.installation import Installation
from operations.redrive.dead_letters import DeadLetter, describe_reason, group_by_reason
from operations.redrive.letter_filter import LetterFilter, select_letters
from operations.redrive.plan import RedriveDecision, RedrivePlan, plan_discard, plan_redrive
from operations.redrive.plan_from_ledger import find_obstacle, plan_again, plan_from_records
from operations.redrive.queue import peek
from operations.redrive.send import RedriveResult, redrive_letters, send_copies

__all__ = ["MayHaveGoneError", "ReasonGroup", "discard", "group_dead_letters", "redrive", "send_once_more"]

#: Seconds after which a request stops sending and reports what is left: API Gateway gives up after 30.
_SECONDS = 20.0


class MayHaveGoneError(UserError):
    """Some mails may have been sent already: the operator must confirm that a second one may arrive."""

    def __init__(self, doubtful: Sequence[DeadLetter]) -> None:
        super().__init__(f"{len(doubtful)} may have been sent already; nothing was done")
        self.doubtful = doubtful


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """The dead letters with one reason code, oldest first, each with what a redrive would do with it."""

    code: str
    reason: str
    letters: tuple[tuple[DeadLetter, RedriveDecision], ...]
    #: Why a redrive would leave a dead letter in the queue, by SQS's id of the letter.
    refusals: Mapping[str, str] = field(default_factory=dict)


def group_dead_letters(installation: Installation) -> list[ReasonGroup]:
    """Group all letters in `dead`, the most frequent reason first; they stay in the queue."""
    letters = peek(installation.sqs, installation.dead)
    plan = plan_redrive(letters, installation.record, partial(find_obstacle, installation))
    return [
        ReasonGroup(
            code,
            describe_reason(code, group),
            tuple((letter, plan.decisions[letter.id]) for letter in group),
            plan.refusals,
        )
        for code, group in group_by_reason(letters).items()
    ]


def redrive(
    installation: Installation,
    letter_filter: LetterFilter,
    *,
    confirmed: bool,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Redrive the letters of the filter and describe the result; a message without a letter is redriven from its
    record.

    Unless it is `confirmed`, raises `MayHaveGoneError` before anything is sent if some may have been sent already.
    Raises `UserError` if nothing can be redriven.
    """
    until = clock() + _SECONDS
    letters = select_letters(installation, letter_filter)
    if not letters and not letter_filter.messages:
        return "nothing lies in dead for this reason any more"
    if letters:
        plan = plan_redrive(letters, installation.record, partial(find_obstacle, installation))
    else:
        plan = plan_from_records(installation, sorted(letter_filter.messages))
    refusals = [f"message {one.message_id} {plan.refusals[one.id]}" for one in plan.letters_to(RedriveDecision.REFUSED)]
    plan.exclude(RedriveDecision.REFUSED)
    if refusals and not plan.letters:
        raise UserError(f"nothing was sent again: {refusals[0]}{_shorten_refusals(refusals)}")
    if (doubtful := plan.letters_to(RedriveDecision.ASK)) and not confirmed:
        raise MayHaveGoneError(doubtful)
    act = redrive_letters if letters else send_copies
    result = act(installation, plan, lambda _: None, RedriveResult(), lambda: clock() < until)
    stopped = [f"{len(refusals)} left in dead: {refusals[0]}{_shorten_refusals(refusals)}"] if refusals else []
    return ", ".join([_describe(result, plan), *stopped])


def discard(
    installation: Installation, letter_filter: LetterFilter, because: str, clock: Callable[[], float] = time.monotonic
) -> str:
    """Discard the dead letters of the filter and describe the result; the ledger's records stay."""
    until = clock() + _SECONDS
    plan = plan_discard(select_letters(installation, letter_filter))
    done = redrive_letters(installation, plan, lambda _: None, RedriveResult(), lambda: clock() < until)
    left = f", {len(plan.letters) - done.total} not yet: do it again" if done.total < len(plan.letters) else ""
    return f"{done.discarded} discarded{left}: {because}"


def send_once_more(installation: Installation, message_id: str, *, confirmed: bool) -> str:
    """Send a mail that a provider accepted once more, as another message; return a sentence with its MessageId.

    Raises `MayHaveGoneError` before anything is sent, unless it is `confirmed`, and `UserError` if the mail cannot be
    sent again.
    """
    plan = plan_again(installation, [message_id])
    if not confirmed:
        raise MayHaveGoneError(plan.letters)
    send_copies(installation, plan, lambda _: None, RedriveResult())
    return f"sent again, as {plan.letters[0].message_id}"


def _shorten_refusals(refusals: Sequence[str]) -> str:
    return f"; and {len(refusals) - 1} more" if len(refusals) > 1 else ""


def _describe(result: RedriveResult, plan: RedrivePlan) -> str:
    parts = [f"{result.sent} queued again"]
    if result.discarded:
        parts.append(f"{result.discarded} discarded because the mail has gone, or another message has its event")
    if left := len(plan.letters) - result.total:
        parts.append(f"{left} not yet: they are still in dead, send them again")
    return ", ".join(parts)
