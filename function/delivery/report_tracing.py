"""Makes the last span of a trace: from the provider accepting the mail to its report. Imported only if tracing is
on."""

from __future__ import annotations

from function.ledger.states import State
from function.providers.ses.events import FeedbackEvent
from function.providers.urls import read_scheme
from function.runtime.lean_dataclass import dataclass
from function.runtime.otlp import Tracer
from function.runtime.trace_context import read_traceparent

__all__ = ["ReportTracing"]

_FAILED = frozenset({State.BOUNCED, State.COMPLAINED, State.REFUSED, State.SOFT_BOUNCED})


@dataclass(frozen=True, slots=True)
class ReportTracing:
    """Makes a span for each report on a traced mail; a mail without a trace gets none."""

    tracer: Tracer

    def note(self, event: FeedbackEvent, moved: bool) -> None:
        """Trace a report that was recorded; `moved` says whether it changed the record."""
        parent = read_traceparent(event.traceparent)
        if parent is None:
            return
        began = min(event.sent_at, self.tracer.clock()) or None
        span = self.tracer.begin(
            str(event.state),
            "consumer",
            parent,
            {
                "messaging.message.id": event.message_id,
                "herald.state": str(event.state),
                "herald.provider": read_scheme(event.provider) or "ses",
                "herald.reason_code": event.reason_code,
                "herald.repeated": not moved,
            },
            began,
        )
        span.error = str(event.reason_code or event.state) if event.state in _FAILED else ""
        self.tracer.end(span)
