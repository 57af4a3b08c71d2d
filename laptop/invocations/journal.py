"""A journal of recent deliveries and invocations, for the console, the web app and tests."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Journal", "find_sns_message_id"]


class Journal:
    """Keeps the last 100 deliveries and 500 invocations, newest first."""

    def __init__(self) -> None:
        self._deliveries: deque[Mapping[str, Any]] = deque(maxlen=100)
        self._invocations: deque[Mapping[str, Any]] = deque(maxlen=500)

    def record_delivery(self, **facts: Any) -> None:
        """Record that SNS delivered an event to a function's queue."""
        self._deliveries.appendleft(facts)

    def record_invocation(self, **facts: Any) -> None:
        """Record one run of a function, or that it was throttled."""
        self._invocations.appendleft({name: value for name, value in facts.items() if value is not None})

    @property
    def deliveries(self) -> list[Mapping[str, Any]]:
        """The deliveries, newest first."""
        return list(self._deliveries)

    @property
    def invocations(self) -> list[Mapping[str, Any]]:
        """The invocations, newest first."""
        return list(self._invocations)


def find_sns_message_id(payload: Any) -> str | None:
    """Return the MessageId of the SNS message in a payload, or None.

    The payload is an SNS event, or an SQS event with a notification or a failed event.
    """
    return next(_list_message_ids(payload), None)


def _list_message_ids(payload: Any) -> Iterator[str]:
    match payload:
        case {"Records": [{"Sns": {"MessageId": str() as found}}, *_]}:
            yield found
        case {"Records": [{"body": str() as body}, *_]}:
            try:
                yield from _list_message_ids(json.loads(body))
            except ValueError:
                return
        case {"requestPayload": inner}:
            yield from _list_message_ids(inner)
        case {"Type": "Notification", "MessageId": str() as found}:
            yield found
