"""The span of a request that may cause a mail, which begins or continues a trace."""

from __future__ import annotations

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from function.runtime.otlp import Tracer
from function.runtime.trace_context import read_traceparent

__all__ = ["TracingMiddleware"]

#: Requests with these methods cause no mail: https://www.rfc-editor.org/rfc/rfc9110#name-safe-methods
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_BROKEN = 500


class TracingMiddleware:
    """Makes a span for each request that may change something, in the caller's trace or a new one, and passes the span
    on with the request. Used only if tracing is on."""

    def __init__(self, app: ASGIApp, *, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        parent = read_traceparent(Headers(scope=scope).get("traceparent"))
        span = self._tracer.begin(method, "server", parent, {"http.request.method": method})
        others = [header for header in scope["headers"] if header[0] != b"traceparent"]
        traced = {**scope, "headers": [*others, (b"traceparent", str(span.context).encode())]}
        status = _BROKEN

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(traced, receive, note_status)
        finally:
            # The route and never the path: some paths are secrets.
            route = getattr(traced.get("route"), "path", None) or "none"
            span.name = f"{method} {route}"
            span.attributes |= {"http.route": route, "http.response.status_code": status}
            span.error = f"{status}" if status >= _BROKEN else ""
            self._tracer.end(span)
            await run_in_threadpool(self._tracer.flush)
