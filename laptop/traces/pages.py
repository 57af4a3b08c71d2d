"""Receives traces at `/v1/traces` and shows them at `/traces` and `/traces/ID`, or as JSON at `/traces/ID.json`.

The last 1000 traces are kept in memory.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from threading import Lock
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from laptop.traces.otlp import BadTraces, SpanRecord, read_spans

__all__ = ["Bar", "TracePages", "draw"]

_MOST = 1000
#: Width of the drawing, in SVG user units.
_WIDE = 1000
_THINNEST = 3.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One span as drawn.

    `depth` is its nesting level; `left` and `width` are in drawing units; `after` (since the start of the trace) and
    `took` are in milliseconds.
    """

    span: SpanRecord
    depth: int
    left: float
    width: float
    after: float
    took: float


def draw(spans: Sequence[SpanRecord]) -> list[Bar]:
    """Return the bars of a trace: each span followed by its children, in order of start time.

    A span whose parent is missing is drawn as a root.
    """
    if not spans:
        return []
    known = {span.id for span in spans}
    start = min(span.began for span in spans)
    whole = max(max(span.ended for span in spans) - start, 1)

    def list_bars(parent: str, depth: int) -> list[Bar]:
        own = [span for span in spans if (span.parent if span.parent in known else "") == parent]
        return [
            bar
            for span in sorted(own, key=lambda one: (one.began, one.ended))
            for bar in [_draw_bar(span, depth, start, whole), *list_bars(span.id, depth + 1)]
        ]

    return list_bars("", 0)


def _draw_bar(span: SpanRecord, depth: int, start: int, whole: int) -> Bar:
    left, width = ((at / whole * _WIDE) for at in (span.began - start, span.ended - span.began))
    width = max(width, _THINNEST)
    return Bar(
        span, depth, min(left, _WIDE - width), width, (span.began - start) / 1e6, (span.ended - span.began) / 1e6
    )


class TracePages:
    """The received spans, grouped by trace; the most recently updated trace is last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._traces: OrderedDict[str, dict[str, SpanRecord]] = OrderedDict()

    def routes(self, page: Callable[..., Response]) -> list[Route]:
        """Return the routes to mount; `page` renders a template."""

        async def show_traces(_request: Request) -> Response:
            return page("traces.html", None, traces=[draw(spans) for spans in reversed(self._list_traces())])

        async def show_trace(request: Request) -> Response:
            spans = self._find(request)
            return page("trace.html", None, trace=request.path_params["id"], bars=draw(spans), wide=_WIDE)

        async def show_trace_json(request: Request) -> Response:
            return JSONResponse([asdict(span) for span in self._find(request)])

        return [
            Route("/v1/traces", self._take, methods=["POST"]),
            Route("/traces", show_traces),
            Route("/traces/{id}.json", show_trace_json),
            Route("/traces/{id}", show_trace),
        ]

    async def _take(self, request: Request) -> Response:
        if request.headers.get("content-type") != "application/json":
            return JSONResponse({"message": "this receiver reads JSON alone"}, 415)
        try:
            spans = read_spans(await request.body())
        except BadTraces as problem:
            return JSONResponse({"code": 3, "message": str(problem)}, 400)
        with self._lock:
            for span in spans:
                self._traces.setdefault(span.trace, {})[span.id] = span
                self._traces.move_to_end(span.trace)
            while len(self._traces) > _MOST:
                self._traces.popitem(last=False)
        return JSONResponse({})

    def _list_traces(self) -> list[list[SpanRecord]]:
        with self._lock:
            return [[*spans.values()] for spans in self._traces.values()]

    def _find(self, request: Request) -> list[SpanRecord]:
        wanted: Any = request.path_params["id"]
        with self._lock:
            if wanted not in self._traces:
                raise LookupError(f"no trace {wanted}")
            return [*self._traces[wanted].values()]
