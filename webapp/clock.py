"""Time: epoch milliseconds internally, RFC 3339 in UTC externally."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "format_rfc3339", "read_clock"]

Clock = Callable[[], int]


def read_clock() -> int:
    """Return the current time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def format_rfc3339(milliseconds: int) -> str:
    """Format a time as in 2026-11-21T08:00:00.123Z."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
