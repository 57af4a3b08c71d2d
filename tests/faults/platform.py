"""What AWS does by itself around the handlers: Lambda's retries, SQS's visibility, SES's feedback. Times in seconds.

A killed or failed asynchronous invocation comes again after one minute and after two more, then goes to the queue
`retry` as an on-failure record; what a queue handed out and nobody finished comes again after its visibility timeout.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.faults import envelopes
from tests.faults.fake_aws import UNWRITABLE, FakeAws, Mail
from tests.faults.points import Point
from tests.faults.reports import Feedback
from tests.faults.sandbox import Ended, Invocation, Sandboxes

__all__ = ["Platform"]

_RETRIES = (60, 120)
_VISIBILITY = 180
_MOST_STEPS = 300
Step = Callable[[], None]


@dataclass(slots=True)
class Platform:
    """One event's stay in AWS. `release` is what the alias points at; `feedback` is when SES's reports come.

    `listens`: somebody handles feedback; `queues`: what Lambda gives up on goes to one; `point` strikes the first
    invocation of whom it is meant for, or whichever comes to it.
    """

    sandboxes: Sandboxes
    aws: FakeAws
    point: Point
    feedback: Feedback
    listens: bool
    queues: bool
    release: str = "r1"
    dead: list[dict[str, Any]] = field(default_factory=list)
    invocations: int = 0
    #: Of mails of other events and of probes, when each was sent and reported; when the event's first mail was. In
    #: seconds from the beginning.
    others: list[tuple[int, int]] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    began: int = 0
    _agenda: list[tuple[int, int, Step]] = field(default_factory=list)
    _made: int = 0
    _armed: bool = True
    _heard: int = 0

    def at(self, seconds: float, step: Step) -> None:
        """Do something so many seconds from now."""
        self._made += 1
        heapq.heappush(self._agenda, (self.aws.now_ms + int(seconds * 1000), self._made, step))

    def run(self) -> bool:
        """Let time pass until nothing is left to happen; False: it never ended."""
        for _ in range(_MOST_STEPS):
            if not self._agenda:
                return True
            at, _, step = heapq.heappop(self._agenda)
            self.aws.now_ms = max(at, self.aws.now_ms)
            step()
        return False

    def deliver(self, *message_ids: str, body: str = envelopes.BODY) -> None:
        """SNS hands messages to Lambda, all at this moment."""
        self._async([(envelopes.sns(message_id, body), 0) for message_id in message_ids])

    def begin(self) -> None:
        """Mails of other events will be reported on, if anybody listens."""
        self.began = self.aws.now_ms
        for after in self.feedback.others if self.listens else ():
            self.at(after, lambda: self._report_other(Mail("bob@example.com", {}, self.aws.now_ms - 5_000)))

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
        self.at(delay, lambda: self._receive(body, attributes, handle, 1))

    def _receive(self, body: str, attributes: dict[str, Any], handle: str, receives: int) -> None:
        (ended,) = self._invoke([envelopes.make_queue_record(body, handle, receives, attributes)])
        if ended.how != "returned" or ended.answer.get("batchItemFailures"):
            wait = self.aws.postponed.pop(handle, _VISIBILITY)
            self.at(wait, lambda: self._receive(body, attributes, handle, receives + 1))

    def _invoke(self, events: list[dict[str, Any]], function: str = "notify") -> list[Ended]:
        meant = self.point.anywhere or self.point.in_feedback == (function == "feedback")
        point = self.point if self._armed and meant else None
        self._armed = self._armed and (point is None or self.point.anywhere)
        calls = [
            Invocation(f"{function}@{self.release}", event, None if index else point)
            for index, event in enumerate(events)
        ]
        self.invocations += len(calls)
        ended = self.sandboxes.run(calls, self.aws)
        self._collect()
        return ended

    def _collect(self) -> None:
        """Take what the handlers left: messages in queues, and mails that SES will speak of."""
        for queue, delay, request in self.aws.posted:
            if queue.endswith("-dead"):
                self.dead.append(request)
            else:
                self._queued(request["MessageBody"], request.get("MessageAttributes", {}), delay)
        self.aws.posted.clear()
        for mail in self.aws.mails[self._heard :]:
            self._heard += 1
            if self.listens and mail.probe and self.feedback.probes:
                self._when(5, lambda mail=mail: self._report_other(mail))  # type: ignore[misc]
            elif self.listens and not mail.probe and self.feedback.own is not None:
                self._report(mail, self._heard, self.feedback.own)

    def _when(self, after: int, step: Step) -> None:
        """So long from now, or a minute after an outage of feedback."""
        ends = self.feedback.until + self.began // 1000 - self.aws.now_ms // 1000
        self.at(after if after >= ends else ends + 60, step)

    def _report(self, mail: Mail, number: int, after: int) -> None:
        """SES's reports on one of the event's mails."""
        for kind in filter(None, (self.feedback.first, "Send", "Delivery")):
            body, handle = envelopes.feedback(kind, mail), f"{kind}-{number}"
            bodies = {handle: body}
            if self.feedback.beside:
                bodies["beside"] = envelopes.feedback(kind, replace(mail, tags={"message_id": UNWRITABLE}))
            self._when(after, lambda bodies=bodies: self._hear(bodies, 1))  # type: ignore[misc]

    def _report_other(self, mail: Mail) -> None:
        """SES's report on a mail of another event, or on a probe."""
        other = mail if mail.probe else replace(mail, tags={"message_id": f"other-{mail.at}", "attempt": "other"})
        now = self._seconds()
        self.others.append((now - (self.aws.now_ms - mail.at) // 1000, now))
        self._hear({f"other-{mail.at}": envelopes.feedback("Send", other)}, 1)

    def _hear(self, bodies: dict[str, str], receives: int) -> None:
        """Hand a batch to `feedback`; what it did not answer for comes again, but for what cannot be written."""
        if "Send-1" in bodies:
            self.heard.append(self._seconds())
        records = [
            envelopes.make_queue_record(body, handle, receives, {})["Records"] for handle, body in bodies.items()
        ]
        (ended,) = self._invoke([{"Records": [record for each in records for record in each]}], "feedback")
        failed = {one["itemIdentifier"] for one in ended.answer["batchItemFailures"]} if ended.answer else set(bodies)
        if again := {handle: bodies[handle] for handle in bodies.keys() & failed - {"beside"}}:
            self.at(_VISIBILITY, lambda: self._hear(again, receives + 1))

    def _seconds(self) -> int:
        return (self.aws.now_ms - self.began) // 1000
