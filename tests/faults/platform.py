"""What AWS does by itself around the handlers: Lambda's retries, SQS's visibility, SES's feedback. Times in seconds.

A killed or failed asynchronous invocation comes again after one minute and after two more, then goes to the queue
`retry` as an on-failure record; what a queue handed out and nobody finished comes again after its visibility timeout.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults import envelopes
from tests.faults.outside import Outside
from tests.faults.points import Point
from tests.faults.sandbox import Ended, Invocation, Sandboxes

__all__ = ["Platform"]

_RETRIES = (60, 120)
_VISIBILITY = 180
_MOST_STEPS = 300
Step = Callable[[], None]


@dataclass(slots=True)
class Platform:
    """One event's stay in AWS. `release` is what the alias points at; `feedback` is when SES's word arrives, or None.

    `listens`: somebody handles feedback; `queues`: what Lambda gives up on goes to one; `point` strikes the first
    invocation of whom it is meant for.
    """

    sandboxes: Sandboxes
    outside: Outside
    point: Point
    feedback: int | None
    listens: bool
    queues: bool
    release: str = "r1"
    dead: list[dict[str, Any]] = field(default_factory=list)
    invocations: int = 0
    _agenda: list[tuple[int, int, Step]] = field(default_factory=list)
    _made: int = 0
    _armed: bool = True
    _heard: int = 0

    def at(self, seconds: float, step: Step) -> None:
        """Do something so many seconds from now."""
        self._made += 1
        heapq.heappush(self._agenda, (self.outside.now_ms + int(seconds * 1000), self._made, step))

    def run(self) -> bool:
        """Let time pass until nothing is left to happen; False: it never ended."""
        for _ in range(_MOST_STEPS):
            if not self._agenda:
                return True
            at, _, step = heapq.heappop(self._agenda)
            self.outside.now_ms = max(at, self.outside.now_ms)
            step()
        return False

    def deliver(self, *message_ids: str) -> None:
        """SNS hands messages to Lambda, all at this moment."""
        self._async([(envelopes.sns(message_id), 0) for message_id in message_ids])

    def _async(self, events: list[tuple[dict[str, Any], int]]) -> None:
        for (event, failed), ended in zip(events, self._invoke([event for event, _ in events]), strict=True):
            if ended.how == "returned":
                continue
            if failed < len(_RETRIES):
                again = [(event, failed + 1)]
                self.at(_RETRIES[failed], lambda again=again: self._async(again))  # type: ignore[misc]
            elif self.queues:
                self._queued(envelopes.on_failure(event), {}, 0)

    def _queued(self, body: str, attributes: dict[str, Any], delay: int) -> None:
        self._made += 1
        handle = f"item-{self._made}"
        self.at(delay, lambda: self._receive("notify", body, attributes, handle, 1))

    def _receive(self, function: str, body: str, attributes: dict[str, Any], handle: str, receives: int) -> None:
        event = envelopes.queued(body, handle, receives, attributes)
        (ended,) = self._invoke([event], function)
        if ended.how != "returned" or ended.answer.get("batchItemFailures"):
            wait = self.outside.postponed.pop(handle, _VISIBILITY)
            self.at(wait, lambda: self._receive(function, body, attributes, handle, receives + 1))

    def _invoke(self, events: list[dict[str, Any]], function: str = "notify") -> list[Ended]:
        point = self.point if self._armed and self.point.in_feedback == (function == "feedback") else None
        self._armed = self._armed and point is None
        calls = [
            Invocation(f"{function}@{self.release}", event, None if index else point)
            for index, event in enumerate(events)
        ]
        self.invocations += len(calls)
        ended = self.sandboxes.run(calls, self.outside)
        self._collect()
        return ended

    def _collect(self) -> None:
        """Take what the handlers left: messages in queues, and mails that SES will speak of."""
        for queue, delay, request in self.outside.posted:
            if queue.endswith("-dead"):
                self.dead.append(request)
            else:
                self._queued(request["MessageBody"], request.get("MessageAttributes", {}), delay)
        self.outside.posted.clear()
        for mail in [*self.outside.mails[self._heard :], *self.outside.probes]:
            for kind in ("Send", "Delivery") if self.feedback is not None and self.listens else ():
                said = envelopes.feedback(kind, mail)
                self._made += 1
                handle = f"{kind}-{self._made}"
                self.at(
                    self.feedback or 0,
                    lambda said=said, handle=handle: self._receive("feedback", said, {}, handle, 1),  # type: ignore[misc]
                )
        self._heard = len(self.outside.mails)
        self.outside.probes.clear()
