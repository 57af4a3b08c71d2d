"""The ledger's stream in one process: a table that records its changes, and the mapping that reads them."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fakes.clock import NOW
from fakes.dynamodb.table import MemoryTable
from fakes.dynamodb.values import FrozenItem, thaw_item
from function.ledger.keys import message_key
from function.ledger.mail_event import TYPES
from function.mail_events import MailEventsHandler
from function.runtime.metrics import Telemetry
from laptop.invocations.stream_batches import Batch, ShardReader, StreamRules, find_first_failure

__all__ = ["RULES", "STREAM_FILTER", "StreamedTable", "make_mail_events_handler", "read_stream"]

#: What Lambda need not hand over at all: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html
STREAM_FILTER: dict[str, Any] = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {
        "Keys": {"pk": {"S": [{"prefix": message_key("")}]}},
        "NewImage": {"state": {"S": [state.value for state in TYPES]}},
    },
}
#: As infra/modules/notifier makes the mapping.
RULES = StreamRules(size=100, partial=True, bisect=True, age=43_200)


class StreamedTable(MemoryTable):
    """A table with a stream of new and old images; it has no snapshots, and so writes faster."""

    def __init__(self, name: str = "herald-ledger") -> None:
        super().__init__(name)
        self.stream: list[dict[str, Any]] = []

    def _commit(self, changes: Iterable[tuple[str, FrozenItem | None]]) -> None:
        for pk, new in changes:
            old = self._state.get(pk)
            if new is None:
                dict.pop(self._state, pk, None)
            else:
                dict.__setitem__(self._state, pk, new)
            if new != old:
                self.stream.append(self._change(pk, old, new))

    def _change(self, pk: str, old: FrozenItem | None, new: FrozenItem | None) -> dict[str, Any]:
        """https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html"""
        images = {name: thaw_item(item) for name, item in (("OldImage", old), ("NewImage", new)) if item is not None}
        return {
            "eventID": str(len(self.stream)),
            "eventName": "REMOVE" if new is None else "INSERT" if old is None else "MODIFY",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "ApproximateCreationDateTime": NOW // 1000,
                "Keys": {"pk": {"S": pk}},
                "SequenceNumber": str(100_000 + len(self.stream)),
                "StreamViewType": "NEW_AND_OLD_IMAGES",
                **images,
            },
        }


def make_mail_events_handler(topic: Any, log: io.StringIO | None = None) -> MailEventsHandler:
    """A sandbox of `mail-events` that publishes to this topic."""
    telemetry = Telemetry("herald-mail-events", "r1", lambda: NOW, log or io.StringIO())
    return MailEventsHandler(topic, "arn:aws:sns:us-east-1:000000000000:herald-mail-events", telemetry)


def read_stream(stream: Sequence[Mapping[str, Any]], handler: Any, draw: random.Random) -> int:
    """Take the stream to the function until all is handled, as the mapping does; how many batches were handed over."""
    reader, calls = ShardReader(0, draw.random), 0
    while (batch := reader.take(RULES, lambda position, most: stream[position : position + most])) is not None:
        wanted = tuple(record for record in batch.records if _passes(record))
        failed = None
        if wanted:
            calls += 1
            inside = find_first_failure(handler({"Records": wanted}, None), Batch(wanted), RULES)
            failed = None if inside is None else batch.records.index(wanted[inside])
        assert reader.settle(RULES, failed, NOW / 1000) == ()
    return calls


def _passes(record: Mapping[str, Any]) -> bool:
    """Whether the mapping's filter lets a record through."""
    wanted = STREAM_FILTER["dynamodb"]
    prefixes = [each["prefix"] for each in wanted["Keys"]["pk"]["S"]]
    state = record["dynamodb"].get("NewImage", {}).get("state", {}).get("S")
    return (
        record["eventName"] in STREAM_FILTER["eventName"]
        and record["dynamodb"]["Keys"]["pk"]["S"].startswith(tuple(prefixes))
        and state in wanted["NewImage"]["state"]["S"]
    )
