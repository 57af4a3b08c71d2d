"""One wave of the soak: some events that share a table, and everything that may happen to them, to the end.

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

from function.feedback import FeedbackHandler
from function.message.catalogue import Catalogue
from function.notify import Notifier
from function.queues.sqs import Queue
from function.runtime.metrics import Telemetry
from tests.fakes import SECRET, event
from tests.faults import envelopes
from tests.faults.mishaps import FlakyPost, FlakyQueues, Killed, Mishaps
from tests.faults.outside import Mail
from tests.model.table import MemoryTable
from tests.world import World

__all__ = ["Fate", "Wave"]

_RETRIES = (60, 120)
_VISIBILITY = 180
_DAY = 86_400


@dataclass(slots=True)
class Fate:
    """What became of one event: mails that left, reasons of its letters, states of its records."""

    id: str
    mails: int = 0
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


class Wave:
    """`resends` is the policy; where it resends, feedback comes within the hold, so that one mail is the promise."""

    def __init__(self, catalogue: Catalogue, chance: Random, ids: list[str], resends: bool) -> None:
        self.chance, self.resends = chance, resends
        self.mishaps = Mishaps(chance, self._another)
        table = MemoryTable("herald-ledger")
        table.fault = self.mishaps.around
        self.world = World(table, catalogue, resends=1 if resends else 0)
        self.world.posts = [FlakyPost(self.mishaps, self._took)]  # type: ignore[list-item]  # as a provider
        self.queues = FlakyQueues(self.mishaps, self._queued)
        self.fates = {f"m-{id_}": Fate(id_) for id_ in ids}
        self.invocations = 0
        self._agenda: list[tuple[int, int, str, Callable[[], None]]] = []
        self._made = 0
        self._now_at = ""
        self._inside = False
        for id_ in ids:
            self._publish(id_)

    def run(self) -> list[Fate]:
        """Until nothing is left to happen."""
        while self._agenda:
            at, _, message, step = heapq.heappop(self._agenda)
            self.world.clock.now = max(at, self.world.clock.now)
            self._now_at = message
            step()
        for message, fate in self.fates.items():
            for name in (message, f"{message}-again"):
                if record := self.world.ledger.read(name):
                    fate.states.append(str(record.state))
        return list(self.fates.values())

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
            self._receive_later(self._notifier, envelopes.on_failure(body), {}, 0)

    def _receive_later(self, handler: Callable[[], Any], body: str, marks: dict[str, Any], delay: float) -> None:
        handle = f"item-{self._made}"
        self._at(delay, self._now_at, lambda: self._receive(handler, body, marks, handle, 1))

    def _receive(self, handler: Callable[[], Any], body: str, marks: dict[str, Any], handle: str, times: int) -> None:
        answer = self._call(handler(), envelopes.queued(body, handle, times, marks))
        if answer is None or answer["batchItemFailures"]:
            wait = self.queues.postponed.pop(handle, _VISIBILITY)
            self._at(wait, self._now_at, lambda: self._receive(handler, body, marks, handle, times + 1))

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
            self.fates[self._now_at].reasons.append(marks["reason"]["StringValue"])
        else:
            self._receive_later(self._notifier, request["MessageBody"], marks, request.get("DelaySeconds", 0))

    def _took(self, key: str, _email: object) -> None:
        fate = self.fates[self._now_at]
        fate.mails += 1
        heard = self.resends or self.chance.random() < 0.9
        late = not self.resends and self.chance.random() < 0.1
        mail = Mail("ada@example.com", {"message_id": key}, self.world.clock())
        for kind in ("Send", "Delivery", *(["Delivery"] * (self.chance.random() < 0.1))) if heard else ():
            said = envelopes.feedback(kind, mail)
            self._receive_later(self._listener, said, {}, 2000 if late else self.chance.choice((0, 1, 5, 20)))

    # -- the function -----------------------------------------------------------------------------------------------

    def _notifier(self) -> Notifier:
        client: Any = self.queues
        courier = replace(self.world.courier(), dead=Queue(client, "dead"))
        return Notifier(lambda _: courier, Queue(client, "retry"), self._telemetry(), self.world.clock)

    def _listener(self) -> FeedbackHandler:
        return FeedbackHandler(self.world.ledger, SECRET, self._telemetry(), "r1", self.world.clock)

    def _telemetry(self) -> Telemetry:
        silence: Any = _Silence()
        return Telemetry("notify", "r1", self.world.clock, silence)
