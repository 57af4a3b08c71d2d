"""W3C trace context, as in `traceparent`. Pure.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

from __future__ import annotations

import os
import re

from function.runtime.lean_dataclass import dataclass

__all__ = ["TraceContext", "begin_trace", "read_traceparent"]

#: A later version may have more fields after a hyphen, version 00 may not; `ff` and ids of zeros are invalid.
_TRACEPARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]*)?"
)
#: Most characters: more than any version needs, and short enough to pass on.
_LONGEST = 200
_SAMPLED = 1


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The current trace and span; both ids are in hex. Whoever began the trace decides whether it is `sampled`."""

    trace_id: str
    span_id: str
    sampled: bool = True

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> TraceContext:
        """Return a new span of the same trace."""
        return TraceContext(self.trace_id, os.urandom(8).hex(), self.sampled)


def read_traceparent(text: object) -> TraceContext | None:
    """Read a received `traceparent`; None if it is missing or malformed, which is never an error."""
    found = _TRACEPARENT.fullmatch(text) if isinstance(text, str) and len(text) <= _LONGEST else None
    if found is None or (found[1] == "00" and found[5]):
        return None
    return TraceContext(found[2], found[3], bool(int(found[4], 16) & _SAMPLED))


def begin_trace() -> TraceContext:
    """Return the context of a new trace."""
    return TraceContext(os.urandom(16).hex(), os.urandom(8).hex())
