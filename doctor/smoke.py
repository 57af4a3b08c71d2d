"""Publishes synthetic events to the real topic and follows each in the ledger until its mail is delivered.

The mails go to SES's mailbox simulator, which does not affect the sender's reputation:
https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
A mail that tests another provider goes to that provider's own address for tests (`function/providers`).
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from doctor.check_context import CheckContext, read_member
from function.event.cloudevent import build_synthetic_event
from function.ledger.attributes import deserialize_item, serialize_item
from function.ledger.keys import message_key

__all__ = ["STEPS", "Journey", "Latency", "Progress", "Smoke", "compute_latency"]

#: The steps of a mail, in order, and the state of the timeline's row that has the time of each.
STEPS = {"published": "", "claimed": "sending", "accepted": "sent", "delivered": "delivered"}
#: States after which a mail that was not delivered gets no more reports.
_LOST = frozenset({"rejected", "suppressed", "replaced", "refused", "bounced", "soft_bounced", "complained"})
_LOOK_SECONDS = 1.0
_NINETY_NINE = 0.99

#: Called with the number of events published, ended, and planned.
Progress = Callable[[int, int, int], None]


@dataclass(slots=True)
class Journey:
    """One event: the time of each step, in epoch milliseconds, and its state in the ledger.

    `published` is by this machine's clock; the other times are AWS's, from the record's timeline.
    """

    event: str
    message_id: str
    at: dict[str, int]
    state: str = ""
    reason: str = ""
    #: The provider that is tested; empty: the one that sends synthetic mails by default.
    provider: str = ""
    #: The last step that can be seen: without a webhook no delivery is reported.
    last: str = "delivered"

    @property
    def has_ended(self) -> bool:
        """Whether no further step is awaited."""
        return self.arrived or self.state in _LOST

    @property
    def arrived(self) -> bool:
        """Whether it has reached the last step that can be seen."""
        return self.last in self.at

    @property
    def delivered(self) -> bool:
        """Whether the provider reported the delivery."""
        return "delivered" in self.at

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds from publication to each step that has happened."""
        return {step: (self.at[step] - self.at["published"]) / 1000 for step in STEPS if step in self.at}


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from publication to acceptance over `count` mails: the median and the 99th percentile (nearest rank)."""

    count: int
    median: float
    p99: float


@dataclass(frozen=True, slots=True)
class Smoke:
    """Publishes events and follows them. `clock` returns seconds since the epoch, `sleep` takes seconds; `pause` is in
    seconds, between two publications. `context` must not cache answers. `provider` is the one that is tested, if one
    is, and `last` the last step that can be seen there."""

    context: CheckContext
    topic: str
    table: str
    type: str
    example: Mapping[str, Any]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    pause: float = 0.0
    provider: str = ""
    last: str = "delivered"

    def run(self, events: int, seconds: float, progress: Progress = lambda *_: None) -> list[Journey]:
        """Publish so many `events` and follow them, for at most `seconds` in all; return the journeys, ended or not.

        Raises `RefusedError` if AWS refuses a call.
        """
        deadline = self.clock() + seconds
        journeys: list[Journey] = []
        while len(journeys) < events and self.clock() < deadline:
            if journeys:
                self.sleep(self.pause)
            journeys.append(self._publish())
            progress(len(journeys), 0, events)
        while not self._look_at_each(journeys, progress, events) and self.clock() < deadline:
            self.sleep(_LOOK_SECONDS)
        return journeys

    def _look_at_each(self, journeys: list[Journey], progress: Progress, events: int) -> bool:
        """Look up each journey that has not ended; return whether all have ended."""
        for journey in journeys:
            if not journey.has_ended:
                self._follow(journey)
        progress(len(journeys), sum(journey.has_ended for journey in journeys), events)
        return all(journey.has_ended for journey in journeys)

    def _publish(self) -> Journey:
        """https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""
        event, now = f"smoke-{uuid.uuid4().hex}", self.clock()
        time = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = build_synthetic_event(event, self.type, self.example, time, provider=self.provider or None)
        answer = self.context.ask(
            "sns",
            "Publish",
            TopicArn=self.topic,
            Message=json.dumps(body),
            MessageAttributes={"type": {"DataType": "String", "StringValue": self.type}},
        )
        message_id = str(read_member(answer, "sns", "MessageId"))
        return Journey(event, message_id, {"published": int(now * 1000)}, provider=self.provider, last=self.last)

    def _follow(self, journey: Journey) -> None:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html"""
        answer = self.context.ask(
            "dynamodb",
            "GetItem",
            TableName=self.table,
            Key=serialize_item({"pk": message_key(journey.message_id)}),
            ConsistentRead=True,
            ProjectionExpression="#state, #timeline, #reason",
            ExpressionAttributeNames={"#state": "state", "#timeline": "timeline", "#reason": "reason"},
        )
        if "Item" in answer:
            values = deserialize_item(answer["Item"])
            journey.state, journey.reason = values["state"], values.get("reason", "")
            for step, at in _read_times(values["timeline"]).items():
                journey.at.setdefault(step, at)


def compute_latency(journeys: Sequence[Journey]) -> Latency | None:
    """Compute the latency of the mails that were accepted; None if none was."""
    taken = sorted(journey.seconds["accepted"] for journey in journeys if "accepted" in journey.at)
    if not taken:
        return None
    return Latency(len(taken), median(taken), taken[math.ceil(_NINETY_NINE * len(taken)) - 1])


def _read_times(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The first time of each step. Feedback may come before the record, so a delivery also proves the acceptance."""
    found: dict[str, int] = {}
    for step, state in STEPS.items():
        times = [row["at"] for row in rows if row["state"] == state]
        found |= {step: min(times)} if times else {}
    if "delivered" in found:
        found.setdefault("accepted", found["delivered"])
    return found
