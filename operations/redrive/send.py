"""Handing letters back to `retry`: first there, then gone from `dead`, so that an end in between costs nothing.

A letter that is sent twice for this is one mail all the same: it names the attempt that it belongs to, and the ledger
lets one claim take that attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from operations.installation import Installation
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.plan import Fate, Plan
from operations.redrive.queue import give_back, received

__all__ = ["Done", "carry_out", "marked", "send_anew"]

_ATTRIBUTES_AT_MOST = 10
_EXPLANATIONS = ("release", "attempts", "reason", "message_id")


@dataclass(slots=True)
class Done:
    """How many letters went back to `retry` or `feedback`, and how many were thrown away."""

    sent: int = 0
    thrown_away: int = 0

    @property
    def total(self) -> int:
        return self.sent + self.thrown_away


def carry_out(installation: Installation, plan: Plan, progress: Callable[[int], None], done: Done) -> Done:
    """Do what is planned with every letter that can still be seen; all others are given back."""
    waiting = {letter.id for letter in plan.letters}
    held: dict[str, DeadLetter] = {}
    try:
        for letters in received(installation.sqs, installation.dead):
            held |= {letter.id: letter for letter in letters}
            for letter in letters:
                if letter.id in waiting:
                    _one(installation, plan, letter, done)
                    waiting.discard(letter.id)
                    del held[letter.id]
                    progress(done.total)
            if not waiting:
                break
    finally:
        give_back(installation.sqs, installation.dead, list(held.values()))
    return done


def send_anew(installation: Installation, plan: Plan, progress: Callable[[int], None], done: Done) -> Done:
    """Send letters that lie in no queue, because they were made from what records keep."""
    for letter in plan.letters:
        _send(installation, plan, letter)
        done.sent += 1
        progress(done.total)
    return done


def marked(letter: DeadLetter, attempt: str | None, confirmed: bool) -> dict[str, Any]:
    """The letter's message attributes as it goes back: its attempt, and the person's yes. SQS takes ten at most."""
    marks = dict(letter.marks)
    if attempt and letter.attempt is None:
        marks["attempt"] = _string(attempt)
    if confirmed:
        marks["confirmed"] = _string("yes")
    for name in _EXPLANATIONS[: max(0, len(marks) - _ATTRIBUTES_AT_MOST)]:
        marks.pop(name, None)
    return marks


def _one(installation: Installation, plan: Plan, letter: DeadLetter, done: Done) -> None:
    if plan.fates[letter.id] is Fate.THROW_AWAY:
        done.thrown_away += 1
    else:
        _send(installation, plan, letter)
        done.sent += 1
    installation.sqs.delete_message(QueueUrl=installation.dead, ReceiptHandle=letter.handle)


def _send(installation: Installation, plan: Plan, letter: DeadLetter) -> None:
    queue = installation.feedback if letter.is_feedback else installation.retry
    marks = marked(letter, plan.attempts.get(letter.id), confirmed=plan.fates[letter.id] is Fate.ASK)
    installation.sqs.send_message(QueueUrl=queue, MessageBody=letter.body, MessageAttributes=marks)


def _string(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}
