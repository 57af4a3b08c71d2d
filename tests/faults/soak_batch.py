"""One batch of the soak: some events that share a table, and everything that may happen to them, to the end.

All of it runs in one process, step by step: a kill is an exception that no handler catches, and two deliveries at once
are one that runs while another stands at a write. (`make faults` kills real processes.) Times are in seconds.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from fakes.dynamodb.table import MemoryTable
from fakes.example_events import SECRET, event
from fakes.in_memory_herald import InMemoryHerald
from function.event.cloudevent import PROBE_RECIPIENT, PROBE_TAG
from function.feedback import FeedbackHandler
from function.message.catalogue import Catalogue
from function.message.email import Email
from function.notify import Notifier
from function.queues.sqs import Queue
from function.runtime.metrics import Telemetry
from tests.faults import envelopes
from tests.faults.fake_aws import Mail
from tests.faults.mishaps import FlakyPost, FlakyQueues, Killed, Mishaps
from tests.faults.reports import may_be_second

__all__ = ["EventOutcome", "SoakBatch"]

_RETRIES = (60, 120)
_VISIBILITY = 180
_DAY = 86_400


@dataclass(slots=True)
class EventOutcome:
    """What became of one event: mails that left, reasons of its letters, states of its records.

    `unexplained` are mails that no yes and no sentence of the limits licensed; `told`: where two attempts are known to
    have been accepted, the record says so.
    """

    id: str
    mails: int = 0
    unexplained: int = 0
    told: bool = True
    reasons: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)


class _Context:
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


class _Silence:
    def write(self, _: str) -> None:
        pass

    flush = write


class SoakBatch:
    """`resends` is the policy. Feedback is late, missing, or out for hours, in which case the freshest comes first."""

    def __init__(self, catalogue: Catalogue, chance: Random, ids: list[str], resends: bool) -> None:
        self.chance, self.resends = chance, resends
        self.mishaps = Mishaps(chance, self._another)
        table = MemoryTable("herald-ledger")
        table.fault = self.mishaps.around
        self.world = InMemoryHerald(table, catalogue, resends=1 if resends else 0)
        self.world.posts = [FlakyPost(self.mishaps, self._took, self._probed)]  # type: ignore[list-item]  # as a provider
        self.queues = FlakyQueues(self.mishaps, self._queued)
        self.outcomes = {f"m-{id_}": EventOutcome(id_) for id_ in ids}
        self.invocations = 0
        begins = self.world.clock() + chance.choice((0, 600, 3000, 20_000)) * 1000
        #: When nothing is reported, in milliseconds.
        self._outage = (begins, begins + chance.choice((0, 0, 2000, 9000)) * 1000)
        #: Of each mail its event, when it left, and when it was first heard of.
        self._heard: dict[str, tuple[str, int, int]] = {}
        #: Of each event's first mail when its hold ends, and its attempt.
        self._held_until: dict[str, int] = {}
        self._first: dict[str, str] = {}
        self._listener = self._feedback()
        self._agenda: list[tuple[int, int, str, Callable[[], None]]] = []
        self._made = 0
        self._now_at = ""
        self._inside = False
        for id_ in ids:
            self._publish(id_)

    def run(self) -> list[EventOutcome]:
        """Until nothing is left to happen."""
        while self._agenda:
            at, _, message, step = heapq.heappop(self._agenda)
            self.world.clock.now = max(at, self.world.clock.now)
            self._now_at = message
            step()
        for message, outcome in self.outcomes.items():
            records = [record for name in (message, f"{message}-again") if (record := self.world.ledger.read(name))]
            outcome.states += [str(record.state) for record in records]
            outcome.told = all(len(record.sent_by) < 2 or record.sent_twice is not None for record in records)
        return list(self.outcomes.values())

    # -- what the world does ----------------------------------------------------------------------------------------

    def _publish(self, id_: str) -> None:
        value = event(id_) if self.chance.random() > 0.03 else event(id_, data={"nothing": "that a mail needs"})
        for name in ["", "-again"][: 1 + (self.chance.random() < 0.1)]:
            body = envelopes.sns(f"m-{id_}{name}", json.dumps(value))
            for _ in range(self.chance.choice((1, 1, 1, 2, 2, 3))):
                delay = self.chance.choice((0, 0, 0, 1, 30, 700, 1000, 5000, _DAY))
                self._at(delay, f"m-{id_}", lambda body=body: self._async(body, 0))  # type: ignore[misc]

    def _at(self, seconds: float, message: str, step: Callable[[], None]) -> None:
        self._made += 1
        heapq.heappush(self._agenda, (self.world.clock() + int(seconds * 1000), self._made, message, step))

    def _another(self) -> None:
        """Let another waiting step of the same event run now, while the present one stands still."""
        same = [entry for entry in self._agenda if entry[2] == self._now_at]
        if self._inside or not same:
            return
        chosen = self.chance.choice(same)
        self._agenda.remove(chosen)
        heapq.heapify(self._agenda)
        self._inside = True
        try:
            chosen[3]()
        finally:
            self._inside = False

    def _async(self, body: dict[str, Any], failed: int) -> None:
        if self._call(self._notifier(), body) is not None:
            return
        message = self._now_at
        if failed < len(_RETRIES):
            self._at(_RETRIES[failed], message, lambda: self._async(body, failed + 1))
        else:
            self._receive_later(envelopes.on_failure(body), {}, 0)

    def _receive_later(self, body: str, marks: dict[str, Any], delay: float) -> None:
        handle = f"item-{self._made}"
        self._at(delay, self._now_at, lambda: self._receive(body, marks, handle, 1))

    def _receive(self, body: str, marks: dict[str, Any], handle: str, times: int) -> None:
        answer = self._call(self._notifier(), envelopes.make_queue_record(body, handle, times, marks))
        if answer is None or answer["batchItemFailures"]:
            wait = self.queues.postponed.pop(handle, _VISIBILITY)
            self._at(wait, self._now_at, lambda: self._receive(body, marks, handle, times + 1))

    def _call(self, handler: Callable[..., Any], body: dict[str, Any]) -> dict[str, Any] | None:
        self.invocations += 1
        try:
            answer: dict[str, Any] = handler(body, _Context())
        except (Killed, Exception):
            return None
        return answer

    def _queued(self, queue: str, request: dict[str, Any]) -> None:
        marks = request.get("MessageAttributes", {})
        if queue == "dead":
            self.outcomes[self._now_at].reasons.append(marks["reason"]["StringValue"])
        else:
            self._receive_later(request["MessageBody"], marks, request.get("DelaySeconds", 0))

    def _took(self, key: str, email: Email) -> None:
        message, attempt, now = self._now_at, email.tags["attempt"], self.world.clock()
        outcome = self.outcomes[message]
        outcome.mails += 1
        if outcome.mails == 1:
            record = self.world.ledger.read(key)
            self._held_until[message] = record.held_until if record else 0
            self._first[message] = attempt
        elif outcome.mails > 2 or not (self.resends and self._explained(message)):
            outcome.unexplained += 1
        mail = Mail(email.to, {"message_id": key, "attempt": attempt}, now)
        if not self.mishaps.happens("mails never reported on", 0.1):
            late = self.mishaps.happens("reports later than the hold", 0.3)
            for kind in ("Send", "Delivery", *(["Delivery"] * (self.chance.random() < 0.1))):
                wait = self.chance.choice((1_000, 2_000, 5_000, 20_000, _DAY) if late else (0, 1, 5, 20))
                self._at(self._after_outage(wait), message, lambda kind=kind: self._hear(kind, mail, attempt))  # type: ignore[misc]

    def _explained(self, message: str) -> bool:
        """Whether the limits' one sentence explains that a second mail leaves now."""
        now = self.world.clock()
        others = [(sent // 1000, heard // 1000) for event, sent, heard in self._heard.values() if event != message]
        first = [self._heard[name][2] // 1000 for name in (self._first[message],) if name in self._heard]
        return may_be_second(self._held_until[message] // 1000, now // 1000, others, first)

    def _probed(self) -> None:
        mail = Mail(PROBE_RECIPIENT, dict([PROBE_TAG]), self.world.clock())
        name = f"probe-{self._made}"
        self._at(self._after_outage(5), "", lambda: self._hear("Send", mail, name))

    def _after_outage(self, wait: float) -> float:
        """What is due in an outage comes some time after it, in any order."""
        now = self.world.clock()
        began, ends = self._outage
        if not began <= now + wait * 1000 < ends:
            return wait
        self.mishaps.counts["reports held back by an outage"] += 1
        return (ends - now) / 1000 + self.chance.choice((0, 60, 200, 1_000))

    def _hear(self, kind: str, mail: Mail, name: str) -> None:
        event = self._now_at
        answer = self._call(self._listener, envelopes.make_queue_record(envelopes.feedback(kind, mail), name, 1, {}))
        if answer is None or answer["batchItemFailures"]:
            self._at(_VISIBILITY, event, lambda: self._hear(kind, mail, name))
        else:
            self._heard.setdefault(name, (event, mail.at, self.world.clock()))

    # -- the function -----------------------------------------------------------------------------------------------

    def _notifier(self) -> Notifier:
        client: Any = self.queues
        courier = replace(self.world.courier(), dead=Queue(client, "dead"))
        return Notifier(lambda _: courier, Queue(client, "retry"), self._telemetry(), self.world.clock)

    def _feedback(self) -> FeedbackHandler:
        return FeedbackHandler(self.world.ledger, SECRET, self._telemetry(), "r1", self.world.clock, "herald")

    def _telemetry(self) -> Telemetry:
        silence: Any = _Silence()
        return Telemetry("notify", "r1", self.world.clock, silence)
