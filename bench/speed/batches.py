"""One batch of events handed to one handler, and what it took."""

from __future__ import annotations

import gc
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from bench.speed import workload

__all__ = ["measure"]

Handler = Callable[[dict[str, Any], Any], Any]


def measure(handler: Handler, asked: dict[str, Any], log: int) -> dict[str, float]:
    """CPU and wall milliseconds, log bytes and what is allocated for one invocation, as medians and means.

    `kind` is of what the invocations are, `count` how many, `size` how many events are in one of them.
    """
    kind, count, size = asked["kind"], asked["count"], asked.get("size", 1)
    events = [_make_event(kind, size) for _ in range(count)]
    contexts = [workload.LambdaContext() for _ in events]
    if kind == "duplicate":
        _run(handler, events, contexts)
    written = os.fstat(log).st_size
    if asked.get("trace"):
        return {"peak_kib": _measure_peak(handler, events, contexts)}
    blocks, collected = _count_blocks(), _count_collections()
    cpu = time.process_time()
    walls = _run(handler, events, contexts)
    cpu = time.process_time() - cpu
    return {
        "cpu_ms": cpu * 1000 / count,
        "wall_ms": sorted(walls)[count // 2] * 1000,
        "log_bytes": (os.fstat(log).st_size - written) / count,
        "collections": (_count_collections() - collected) / count,
        "blocks_left": (_count_blocks() - blocks) / count,
    }


def _make_event(kind: str, size: int) -> dict[str, Any]:
    if kind.startswith("feedback"):
        return workload.make_feedback_batch(size, kind.partition(" ")[2] or "Delivery")
    return workload.make_stream_batch(size) if kind == "relay" else workload.make_sns_event(kind)


def _run(handler: Handler, events: list[dict[str, Any]], contexts: list[workload.LambdaContext]) -> list[float]:
    """Every invocation; the seconds that each took. One that raises has ended, too."""
    walls = []
    for event, context in zip(events, contexts, strict=True):
        began = time.perf_counter()
        try:  # noqa: SIM105  suppress() would be measured
            handler(event, context)
        except Exception:
            pass  # a reference tells a refusal so
        walls.append(time.perf_counter() - began)
    return walls


def _measure_peak(handler: Handler, events: list[dict[str, Any]], contexts: list[workload.LambdaContext]) -> float:
    """The most that one invocation has allocated at a time, in KiB."""
    tracemalloc.start()
    highest = 0
    for event, context in zip(events, contexts, strict=True):
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        _run(handler, [event], [context])
        highest = max(highest, tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    return highest / 1024


def _count_blocks() -> int:
    return sys.getallocatedblocks()


def _count_collections() -> int:
    return sum(generation["collections"] for generation in gc.get_stats())
