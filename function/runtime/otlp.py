"""OpenTelemetry spans, sent to a collector as OTLP/HTTP in JSON. Imported only if tracing is on.

OpenTelemetry's own SDK and exporter would add megabytes to the package and double the start time, while the protocol is
one POST. https://opentelemetry.io/docs/specs/otlp/#otlphttp and .../#json-protobuf-encoding
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Literal
from urllib.parse import urlsplit

from function.runtime.lean_dataclass import dataclass
from function.runtime.trace_context import TraceContext, begin_trace

__all__ = ["Span", "Tracer"]

Kind = Literal["server", "client", "producer", "consumer"]
AttributeValue = str | int | bool

#: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
_KINDS: dict[Kind, int] = {"server": 2, "client": 3, "producer": 4, "consumer": 5}
_ERROR = 2
#: Timeout of the collector in seconds, multiplied by the deployment's factor: it is on this machine, or traces are not
#: worth the wait.
_TIMEOUT = 1.0
#: Milliseconds during which nothing is sent to a collector that did not answer, so that mails do not wait for it.
_REST = 60_000
#: Most spans kept in one invocation: a batch of feedback has 1,000 items.
_MOST = 1_000


@dataclass(slots=True)
class Span:
    """One operation; times are in epoch milliseconds. `error` is one line without personal data."""

    name: str
    kind: Kind
    context: TraceContext
    parent: TraceContext | None
    began: int
    attributes: dict[str, AttributeValue]
    ended: int = 0
    error: str = ""


@dataclass(slots=True)
class Tracer:
    """Makes the spans of one service and sends them at the end of each invocation. Never raises: tracing must not
    affect the result.

    `endpoint` is the collector's base URL; `clock` returns epoch milliseconds; every timeout is multiplied by
    `timeout_factor`.
    """

    endpoint: str
    service: str
    release: str
    clock: Callable[[], int]
    timeout_factor: float = 1
    _ready: list[Span] = field(default_factory=list, init=False)
    _rests_until: int = field(default=0, init=False)

    def begin(
        self,
        name: str,
        kind: Kind,
        parent: TraceContext | None,
        attributes: Mapping[str, AttributeValue | None],
        at: int | None = None,
    ) -> Span:
        """Begin a span now, or at `at`, in its parent's trace or in a new one."""
        context = parent.child() if parent else begin_trace()
        known = {key: value for key, value in attributes.items() if value not in ("", None)}
        return Span(name, kind, context, parent, self.clock() if at is None else at, known)

    def end(self, span: Span, at: int | None = None) -> None:
        """End the span: it is sent with the next `flush`, unless the trace is not sampled."""
        span.ended = max(span.began, self.clock() if at is None else at)
        if span.context.sampled and len(self._ready) < _MOST:
            self._ready.append(span)

    def flush(self) -> None:
        """Send the finished spans. Lambda freezes a function after its answer, so nothing may be left for later."""
        spans, self._ready = self._ready, []
        if not spans or self.clock() < self._rests_until:
            return
        try:
            self._post(json.dumps(self._describe(spans), separators=(",", ":")).encode())
        except (OSError, HTTPException, ValueError):
            self._rests_until = self.clock() + _REST

    def _post(self, body: bytes) -> None:
        url = urlsplit(self.endpoint)
        scheme = HTTPSConnection if url.scheme == "https" else HTTPConnection
        connection = scheme(url.hostname or "", url.port, timeout=_TIMEOUT * self.timeout_factor)
        try:
            connection.request("POST", f"{url.path.rstrip('/')}/v1/traces", body, {"Content-Type": "application/json"})
            connection.getresponse().read()
        finally:
            connection.close()

    def _describe(self, spans: list[Span]) -> dict[str, Any]:
        resource = _encode_attributes({"service.name": self.service, "service.version": self.release})
        scope = {"scope": {"name": "herald", "version": self.release}, "spans": [_describe_span(one) for one in spans]}
        return {"resourceSpans": [{"resource": {"attributes": resource}, "scopeSpans": [scope]}]}


def _describe_span(span: Span) -> dict[str, Any]:
    """Convert a span to OTLP's JSON, with ids in hex and 64-bit integers as text."""
    encoded = {
        "traceId": span.context.trace_id,
        "spanId": span.context.span_id,
        "name": span.name,
        "kind": _KINDS[span.kind],
        "startTimeUnixNano": f"{span.began * 1_000_000}",
        "endTimeUnixNano": f"{span.ended * 1_000_000}",
        "attributes": _encode_attributes(span.attributes),
        "status": {"code": _ERROR, "message": span.error} if span.error else {},
    }
    return encoded | ({"parentSpanId": span.parent.span_id} if span.parent else {})


def _encode_attributes(values: dict[str, AttributeValue]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _describe_value(value)} for key, value in values.items()]


def _describe_value(value: AttributeValue) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    return {"intValue": f"{value}"} if isinstance(value, int) else {"stringValue": value}
