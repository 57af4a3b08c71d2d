"""Measures one handler with one batch of events."""

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


def measure(handler: Handler, options: dict[str, Any], log: int) -> dict[str, float]:
    """Measure CPU and wall milliseconds, log bytes and allocations per invocation, as means; the wall time is a median.

    `options` has the `kind` of the events, the `count` of invocations, and the `size`, the number of events in each.
    With `trace`, only the peak memory is measured.
    """
    kind, count, size = options["kind"], options["count"], options.get("size", 1)
    events = [_make_event(kind, size) for _ in range(count)]
    contexts = [workload.FakeContext() for _ in events]
    if kind == "duplicate":
        _run(handler, events, contexts)
    written = os.fstat(log).st_size
    if options.get("trace"):
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


def _run(handler: Handler, events: list[dict[str, Any]], contexts: list[workload.FakeContext]) -> list[float]:
    """Run all invocations; return the seconds that each took. An exception counts as an end, too."""
    walls = []
    for event, context in zip(events, contexts, strict=True):
        began = time.perf_counter()
        try:  # noqa: SIM105  suppress() would be measured
            handler(event, context)
        except Exception:
            pass  # a reference reports a rejected mail by raising
        walls.append(time.perf_counter() - began)
    return walls


def _measure_peak(handler: Handler, events: list[dict[str, Any]], contexts: list[workload.FakeContext]) -> float:
    """Return the peak memory allocated by one invocation, in KiB."""
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
