"""Events for the stack tests, each with a recipient of its own, so that no test meets another's mail."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime
from typing import Any

from fakes.example_events import event

_numbers = itertools.count(1)

__all__ = ["new_address", "new_event", "notification"]


def new_address() -> str:
    """An address that nobody else has."""
    return f"reader-{next(_numbers)}-{uuid.uuid4().hex[:6]}@example.com"


def new_event(to: str, **changes: Any) -> dict[str, Any]:
    """A valid event of now, for this recipient."""
    fresh = event(uuid.uuid4().hex, time=datetime.now(UTC).isoformat(), source="urn:test:stack")
    fresh["data"]["recipient"]["email"] = to
    return fresh | changes


def notification(body: str, message_id: str, topic: str) -> dict[str, Any]:
    """What Lambda hands to a function that is subscribed to a topic."""
    message = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": topic,
        "Subject": None,
        "Message": body,
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "MessageAttributes": {"type": {"Type": "String", "Value": "book.created"}},
    }
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": f"{topic}:1", "Sns": message}
    return {"Records": [record]}
