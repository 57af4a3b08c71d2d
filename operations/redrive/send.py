"""Moves letters from `dead` back to `retry`: each is sent first and deleted afterwards, so that an interruption loses
none.

An interruption between the two may send a letter twice. That is still one mail: the letter names its attempt, and the
ledger lets only one claim take over from that attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from operations.installation import Installation
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.plan import RedriveDecision, RedrivePlan
from operations.redrive.queue import DeadQueueReader

__all__ = ["RedriveResult", "build_attributes", "redrive_letters", "send_copies"]

_ATTRIBUTES_AT_MOST = 10
#: Attributes that are only for people, in the order in which they may be dropped.
_EXPLANATIONS = ("attempts", "reason", "reason_code", "message_id")


@dataclass(slots=True)
class RedriveResult:
    """How many letters were sent to `retry` or `feedback`, and how many were deleted because a provider accepted the
    mail, or another message has its event."""

    sent: int = 0
    discarded: int = 0

    @property
    def total(self) -> int:
        """How many letters were handled."""
        return self.sent + self.discarded


def redrive_letters(
    installation: Installation,
    plan: RedrivePlan,
    progress: Callable[[int], None],
    done: RedriveResult,
    has_time: Callable[[], bool] = lambda: True,
) -> RedriveResult:
    """Carry out the plan for every letter that SQS still returns, while there is time; the others stay in `dead`."""
    waiting = {letter.id for letter in plan.letters}
    with DeadQueueReader(installation.sqs, installation.dead) as reader:
        for letters in reader:
            for letter in letters:
                if letter.id in waiting and has_time():
                    _redrive_one(installation, plan, letter, done)
                    reader.delete(letter)
                    waiting.discard(letter.id)
                    progress(done.total)
            if not waiting or not has_time():
                break
    return done


def send_copies(
    installation: Installation,
    plan: RedrivePlan,
    progress: Callable[[int], None],
    done: RedriveResult,
    has_time: Callable[[], bool] = lambda: True,
) -> RedriveResult:
    """Send letters that were made from records and are in no queue."""
    for letter in takewhile(lambda _: has_time(), plan.letters):
        _send(installation, plan, letter)
        done.sent += 1
        progress(done.total)
    return done


def build_attributes(letter: DeadLetter, attempt: str | None, confirmed: bool) -> dict[str, Any]:
    """Return the message attributes with which a letter is sent again; SQS accepts ten at most.

    They name the attempt, and the operator's confirmation if a second mail may arrive.
    """
    attributes = dict(letter.attributes)
    if attempt and letter.attempt is None:
        attributes["attempt"] = _encode_string(attempt)
    if confirmed:
        attributes["confirmed"] = _encode_string("yes")
    explanations = [name for name in _EXPLANATIONS if name in attributes]
    for name in explanations[: max(0, len(attributes) - _ATTRIBUTES_AT_MOST)]:
        del attributes[name]
    return attributes


def _redrive_one(installation: Installation, plan: RedrivePlan, letter: DeadLetter, done: RedriveResult) -> None:
    if plan.decisions[letter.id] is RedriveDecision.DISCARD:
        done.discarded += 1
    else:
        _send(installation, plan, letter)
        done.sent += 1


def _send(installation: Installation, plan: RedrivePlan, letter: DeadLetter) -> None:
    queue = installation.feedback if letter.is_feedback else installation.retry
    confirmed = plan.decisions[letter.id] in (RedriveDecision.ASK, RedriveDecision.AGAIN)
    attributes = build_attributes(letter, plan.attempts.get(letter.id), confirmed=confirmed)
    installation.sqs.send_message(QueueUrl=queue, MessageBody=letter.body, MessageAttributes=attributes)


def _encode_string(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}
