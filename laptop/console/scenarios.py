"""The scenarios behind the console's buttons, with their texts. No I/O."""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from laptop.resources import EVENT_SOURCE
from laptop.ses.faults import FaultKind

__all__ = [
    "FOLLOW_UP_SCENARIOS",
    "NEW_EVENT_SCENARIOS",
    "FollowUpScenario",
    "NewEventScenario",
    "encode_body",
    "make_event",
    "write_correction",
]

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class NewEventScenario:
    """A scenario with a new event, and the fault to cause for its mail.

    `label` is the text of the button, `hint` the expected outcome. `mailbox` is the recipient's address, with a
    placeholder for a number; `fault` affects that recipient only, `times` times.
    """

    name: str
    label: str
    hint: str
    fault: FaultKind | None = None
    times: int = 1
    mailbox: str = "reader-{}@example.com"
    details: dict[str, Any] = field(default_factory=dict)
    #: Whether the feedback is delayed until after the hold.
    late: bool = False


@dataclass(frozen=True, slots=True)
class FollowUpScenario:
    """A scenario for an existing event."""

    name: str
    label: str
    hint: str


NEW_EVENT_SCENARIOS = (
    NewEventScenario("publish", "Publish an event", "One event, one mail."),
    NewEventScenario(
        "crash",
        "Crash after the send",
        "SES takes the mail, and the function is killed (SIGKILL) before it can write that down. SES's own report "
        "settles it: one mail.",
        FaultKind.ACCEPT_THEN_KILL,
    ),
    NewEventScenario(
        "lose",
        "Lose the answer",
        "SES takes the mail, and its answer never arrives. Herald holds the mail and listens: one mail.",
        FaultKind.ACCEPT_THEN_CLOSE,
    ),
    NewEventScenario(
        "throttle",
        "Throttle",
        "SES is over its rate, five times in a row. Nothing was sent, so Herald tries again: one mail.",
        FaultKind.THROTTLE,
        times=5,
    ),
    NewEventScenario(
        "bounce",
        "Bounce",
        "The mailbox does not exist. One mail, and the address gets no other.",
        mailbox="bounce+{}@simulator.amazonses.com",
    ),
    NewEventScenario(
        "withhold",
        "Withhold the feedback",
        "SES takes the mail and never reports on it. One mail, and its story ends with Sent.",
        FaultKind.WITHHOLD_FEEDBACK,
    ),
    NewEventScenario(
        "late",
        "Late feedback",
        "SES takes the mail, its answer never arrives, and its report comes only after the hold. Herald sends nothing "
        "more before it has heard of two later mails, and nothing by itself where another provider may have sent: one "
        "mail.",
        FaultKind.ACCEPT_THEN_CLOSE,
        late=True,
    ),
    NewEventScenario(
        "refuse",
        "Refuse for good",
        "SES will not take this mail. None is sent; a dead letter keeps event and reason, until you redrive it.",
        FaultKind.REFUSE,
    ),
)

FOLLOW_UP_SCENARIOS = (
    FollowUpScenario(
        "deliver", "Deliver it again", "The same message reaches the function once more, as AWS may do at any time."
    ),
    FollowUpScenario("twice", "Twice at once", "Two copies of the message, at the same moment."),
    FollowUpScenario(
        "republish", "Publish it again", "The same event under a new MessageId, as a publisher that repeats itself."
    ),
    FollowUpScenario(
        "correct",
        "Publish it corrected",
        "The same source and id with another title. If nothing was sent, the corrected mail goes; else it came too "
        "late, and the story says so.",
    ),
)


def make_event(scenario: NewEventScenario) -> dict[str, Any]:
    """Return a `book.created` CloudEvent with the current time and a recipient of its own."""
    number = next(_numbers)
    book_id = uuid.uuid4().hex[:26].upper()
    return {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": EVENT_SOURCE + ":console",
        "type": "book.created",
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {
            "recipient": {"email": scenario.mailbox.format(number), "name": f"Reader {number}", "locale": "en"},
            "book": {
                "id": book_id,
                "title": f"Experiment {number}",
                "author": scenario.label,
                "url": f"https://books.example.com/books/{book_id}",
            },
        },
    }


def write_correction(body: str) -> str:
    """Return the event as its publisher would correct it: the same source and id, another title."""
    event: dict[str, Any] = json.loads(body)
    event["data"]["book"]["title"] += ", corrected"
    return encode_body(event)


def encode_body(event: dict[str, Any]) -> str:
    """Serialize the event as the body of an SNS message."""
    return json.dumps(event, ensure_ascii=False)
