"""Publishes events at a constant rate during the releases, each with its own recipient."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

__all__ = ["Load", "Published"]

_SOURCE = "urn:herald:rehearsal"
#: How often, in events, the number of waiting events is checked, and how many may wait before publishing pauses.
_CHECKED, _WAITING = 5, 20


@dataclass(frozen=True, slots=True)
class Published:
    """One event that SNS accepted."""

    message_id: str
    address: str


@dataclass(slots=True)
class Load:
    """Publishes until its `with` block ends, but at least `events` events.

    `rate` is the maximum rate in events per second: publishing pauses while more than a few events are `waiting` to be
    processed, as on a machine that is too busy.
    """

    sns: SNSClient
    topic: str
    events: int
    rate: float
    waiting: Callable[[], int] = lambda: 0
    published: list[Published] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _error: Exception | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until everything is published, unless the block failed. Raises the publisher's error, if it had one."""
        self._stop.set()
        if self._thread and kind is None:
            self._thread.join()
        if self._error and kind is None:
            raise self._error

    def _run(self) -> None:
        began = time.monotonic()
        try:
            while not self._stop.is_set() or len(self.published) < self.events:
                self._publish()
                if len(self.published) % _CHECKED == 0:
                    while self.waiting() > _WAITING:
                        time.sleep(0.5)
                due = began + len(self.published) / self.rate
                time.sleep(max(0.0, due - time.monotonic()))
        except Exception as error:
            self._error = error

    def _publish(self) -> None:
        address = f"reader-{len(self.published)}-{uuid.uuid4().hex[:8]}@example.com"
        answer = self.sns.publish(
            TopicArn=self.topic,
            Message=json.dumps(_make_event(address)),
            MessageAttributes={"type": {"DataType": "String", "StringValue": "book.created"}},
        )
        self.published.append(Published(answer["MessageId"], address))


def _make_event(address: str) -> dict[str, Any]:
    book = {
        "id": uuid.uuid4().hex,
        "title": "Notes on the Analytical Engine",
        "author": "Ada Lovelace",
        "url": "https://books.example.com/books/1",
    }
    return {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": _SOURCE,
        "type": "book.created",
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": {"recipient": {"email": address, "name": "Reader", "locale": "en"}, "book": book},
    }
