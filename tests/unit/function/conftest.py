"""One `feedback` in one process, for the tests of what it does with a batch."""

from __future__ import annotations

import io
import json
from collections import Counter
from typing import Any

import pytest

from fakes.clock import Clock
from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import sqs_event
from fakes.example_events import SECRET
from function.delivery.report_tracing import ReportTracing
from function.feedback import FeedbackHandler
from function.ledger.keys import address_key
from function.ledger.ledger import Ledger, Writes
from function.ledger.record import Record
from function.ledger.states import State
from function.ledger.table import Table
from function.runtime.metrics import Telemetry


class Feedback:
    """One `feedback` in one process, its table and its log."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.table = MemoryTable("herald-ledger")
        self.log = io.StringIO()
        writes = Writes("herald-ledger", "r1", 900_000, 60 * 86_400, 1)
        self.ledger = Ledger(Table(self.table, "herald-ledger", lambda _: None), writes, self.clock)
        self.handler = self.handler_with(None)

    def handler_with(self, tracing: ReportTracing | None) -> FeedbackHandler:
        """A sandbox that has what it hears traced, or not."""
        telemetry = Telemetry("herald-feedback", "r1", self.clock, self.log)
        return FeedbackHandler(self.ledger, SECRET, telemetry, "r1", self.clock, "herald", tracing=tracing)

    def handle(self, *bodies: object) -> list[str]:
        """The numbers of the bodies that must come again."""
        records = [sqs_event(body, item=str(number)) for number, body in enumerate(bodies)]
        failures = self.handler({"Records": records}, None)["batchItemFailures"]
        return [failure["itemIdentifier"] for failure in failures]

    def state(self, message_id: str = "m1") -> State | None:
        record = self.ledger.read(message_id)
        return record.state if record else None

    def record(self, message_id: str = "m1") -> Record:
        record = self.ledger.read(message_id)
        assert record is not None
        return record

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    @property
    def counts(self) -> dict[str, int]:
        """What CloudWatch makes of the log."""
        counted: Counter[str] = Counter()
        for line in self.lines:
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"] if "_aws" in line else []:
                counted[metric["Name"]] += line[metric["Name"]]
        return dict(counted)

    @property
    def suppression(self) -> dict[str, Any] | None:
        key = {"pk": {"S": address_key(SECRET, "ada@example.com")}}
        item: dict[str, Any] | None = self.table.get_item(TableName="herald-ledger", Key=key).get("Item")
        return item


@pytest.fixture
def feedback() -> Feedback:
    return Feedback()
