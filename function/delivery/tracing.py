"""The spans of a delivery: one for the whole, and one for each provider call. Imported only if tracing is on.

Attribute names follow https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ and .../cloudevents/; no
attribute contains an address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace

from function.delivery.outcome import Outcome
from function.event.cloudevent import TRACE_TAG, Event
from function.event.envelope import Delivery
from function.ledger.attempt import Attempt
from function.providers.failover import ProviderCall
from function.providers.redaction import redact
from function.runtime.lean_dataclass import dataclass
from function.runtime.otlp import Span, Tracer
from function.runtime.trace_context import read_traceparent

__all__ = ["DeliveryTracing"]

Deliver = Callable[[Delivery, int], Outcome]


@dataclass(slots=True)
class DeliveryTracing:
    """Traces one delivery at a time."""

    tracer: Tracer
    _began: int = field(default=0, init=False)
    _span: Span | None = field(default=None, init=False)

    def follow(self, deliver: Deliver) -> Deliver:
        """Wrap `deliver` in a span, whose parent is known once the event has been read."""

        def deliver_traced(delivery: Delivery, deadline: int) -> Outcome:
            self._began, self._span = self.tracer.clock(), None
            failed = "the invocation failed"
            try:
                outcome = deliver(delivery, deadline)
                failed = ""
                if self._span:
                    self._span.attributes["herald.outcome"] = outcome.kind.value
            finally:
                if self._span:
                    self._span.error = failed
                    self.tracer.end(self._span)
                self.tracer.flush()
            return outcome

        return deliver_traced

    def join(self, attempt: Attempt, delivery: Delivery, event: Event | None) -> Attempt:
        """Return the attempt with its trace: the one of the message attribute, else the event's, else a new one."""
        parent = read_traceparent(delivery.traceparent) or read_traceparent(event.traceparent if event else None)
        self._span = self.tracer.begin(
            f"process {attempt.type or 'event'}",
            "consumer",
            parent,
            {
                "messaging.system": "aws_sns",
                "messaging.operation.type": "process",
                "messaging.message.id": attempt.message_id,
                # The publisher may have put an address into them.
                "cloudevents.event_id": redact(attempt.id or ""),
                "cloudevents.event_source": redact(attempt.source or ""),
                "cloudevents.event_type": attempt.type,
                "herald.attempt": attempt.owner,
            },
            self._began,
        )
        return replace(attempt, trace=self._span.context.trace_id)

    @property
    def tags(self) -> dict[str, str]:
        """The tags that the mail carries."""
        return {TRACE_TAG: str(self._span.context)} if self._span else {}

    def note_calls(self, calls: Sequence[ProviderCall]) -> None:
        """Make a span for each provider call."""
        for call in calls:
            if self._span is None:
                return
            name = f"send {call.provider.partition('://')[0]}"
            attributes = {"herald.provider": call.provider}
            span = self.tracer.begin(name, "client", self._span.context, attributes, call.at)
            span.error = call.error.reason.code or "not sent" if call.error else ""
            self.tracer.end(span, call.at + call.ms)
