"""How mails come to dead letters, and how the tests redrive them."""

from __future__ import annotations

from typing import Any

from fakes.example_events import event
from fakes.in_memory_herald import delivery
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, RefusedForGood
from operations.redrive.letter_filter import LetterFilter
from operations.redrive.plan import RedrivePlan, plan_redrive
from operations.redrive.queue import peek
from operations.redrive.send import RedriveResult, redrive_letters
from tests.integration.redrive.conftest import Office

__all__ = ["HOLD", "in_doubt", "plan_of", "redrive", "refuse"]

#: Seconds.
HOLD = 15 * 60


def refuse(office: Office, message_id: str = "m1", reason: str = "content rejected", **changes: Any) -> None:
    """A mail that its provider would not take."""
    office.world.post.answers = [RefusedForGood(reason)]
    office.deliver(delivery(message_id, event(event_id=f"event-of-{message_id}", **changes)))


def in_doubt(office: Office) -> None:
    """A mail that went, whose answer and feedback were lost, under `hold`."""
    office.world.resends = 0
    office.world.post.accept_then(OutcomeUnknown("lost"))
    office.deliver(delivery())
    office.world.clock.forward(HOLD)
    assert office.deliver(delivery()).kind is OutcomeKind.PARKED


def plan_of(office: Office, wanted: LetterFilter | None = None) -> RedrivePlan:
    letters = peek(office.installation.sqs, office.installation.dead)
    return plan_redrive(
        [letter for letter in letters if (wanted or LetterFilter()).matches(letter)], office.installation.record
    )


def redrive(office: Office, plan: RedrivePlan | None = None) -> RedriveResult:
    return redrive_letters(office.installation, plan or plan_of(office), lambda _: None, RedriveResult())
