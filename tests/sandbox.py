"""The whole of `notify` in one process, between fakes that keep what they are told."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

from fakes.in_memory_herald import InMemoryHerald
from function.notify import Notifier
from function.queues.sqs import Queue
from function.runtime.metrics import Telemetry

__all__ = ["Sandbox", "Sqs"]


@dataclass
class Sqs:
    """The queue `retry` behind a client that keeps what it is told."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    postponed: dict[str, int] = field(default_factory=dict)

    def send_message(self, **request: Any) -> None:
        self.sent.append(request)

    def change_message_visibility(self, **request: Any) -> None:
        self.postponed[request["ReceiptHandle"]] = request["VisibilityTimeout"]


@dataclass(frozen=True)
class Invocation:
    """Lambda's context."""

    aws_request_id: str = "request"
    milliseconds: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@dataclass
class Sandbox:
    """One `notify` in one process."""

    world: InMemoryHerald
    sqs: Sqs = field(default_factory=Sqs)
    log: io.StringIO = field(default_factory=io.StringIO)

    def __call__(self, handed: Any, milliseconds: int = 60_000) -> dict[str, Any]:
        telemetry = Telemetry("herald-notify", "r1", self.world.clock, self.log)
        world = self.world
        notifier = Notifier(lambda _: world.courier(), Queue(self.sqs, "retry"), telemetry, world.clock, world.tracing)
        return notifier(handed, Invocation(milliseconds=milliseconds))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]
