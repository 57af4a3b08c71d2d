"""The events that the web app publishes: CloudEvents 1.0, structured JSON, one line of ASCII.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from function.runtime.trace_context import TraceContext, begin_trace, read_traceparent
from webapp.auth.identity import Identity
from webapp.clock import format_rfc3339

__all__ = [
    "MOST_BYTES",
    "CommittedEvent",
    "compute_welcome_id",
    "continue_trace",
    "find_traceparent",
    "reuse_caller_span",
    "write_event",
    "write_user_welcome",
]

_IN_BODY = re.compile(r'"traceparent":"([0-9a-f-]{55})"')
#: An event with more bytes than SNS bills as one message is rejected: it should contain links, not blobs.
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class CommittedEvent:
    """One event, with the bytes that are stored and later published unchanged; `owner` is the `sub` of its user."""

    id: str
    type: str
    subject: str
    owner: str
    body: str


def write_user_welcome(reader: Identity, *, at: int, source: str, public_url: str, traceparent: str) -> CommittedEvent:
    """Build the event that welcomes a new account. Its id is derived from the account, so that there is only one."""
    event_id = compute_welcome_id(reader.sub)
    data = {"account": {"url": f"{public_url}/"}}
    return write_event("user.welcome", f"users/{event_id}", reader, data, event_id, source, at, traceparent)


def compute_welcome_id(sub: str) -> str:
    """Return the id of the event that welcomes this account; its subject is `users/<id>`."""
    return f"welcome-{hashlib.sha256(sub.encode()).hexdigest()[:32]}"


def continue_trace(traceparent: str | None) -> str:
    """Return the `traceparent` of a new span in the caller's trace, or in a new trace if the caller sent no valid
    one."""
    caller = read_traceparent(traceparent)
    return str(caller.child() if caller else begin_trace())


def reuse_caller_span(traceparent: str | None) -> str:
    """Return the caller's own `traceparent`, which is the request's span if requests are traced, or that of a new
    trace."""
    return str(read_traceparent(traceparent) or begin_trace())


def find_traceparent(body: str) -> TraceContext | None:
    """Return the trace in an event that `write_event` wrote; inside a title the quotes would be escaped."""
    found = _IN_BODY.search(body)
    return read_traceparent(found[1]) if found else None


def write_event(
    type_: str,
    subject: str,
    reader: Identity,
    data: Mapping[str, Any],
    id_: str,
    source: str,
    at: int,
    traceparent: str,
) -> CommittedEvent:
    """Build an event of any type, which mails `reader`; `at` is in epoch milliseconds."""
    recipient = {"email": reader.email, "name": reader.name, "locale": reader.locale}
    envelope = {
        "specversion": "1.0",
        "id": id_,
        "source": source,
        "type": type_,
        "time": format_rfc3339(at),
        "subject": subject,
        "datacontenttype": "application/json",
        "traceparent": traceparent,
        "data": {"recipient": recipient, **data},
    }
    return CommittedEvent(id_, type_, subject, reader.sub, json.dumps(envelope, separators=(",", ":")))
