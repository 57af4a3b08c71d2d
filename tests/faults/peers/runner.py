"""Sets up a peer for the crash matrix, and its clients."""

from __future__ import annotations

from typing import Any

import botocore.session

from bench.speed.references.naive_handler import make_handler
from fakes.dynamodb.table import MemoryTable
from tests.faults.matrix import Subject
from tests.faults.points import Stage
from tests.faults.report import report
from tests.faults.warm import warmed
from tests.faults.wire import Line

__all__ = ["describe_table", "make_client", "run_check_then_put"]


def run_check_then_put(points: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the report on the handler that checks, sends, then puts."""
    line, clock = warmed()
    handler = make_handler(make_client(line, "dynamodb"), make_client(line, "sesv2"))
    stages = {Stage.CLAIM: ("GetItem", 1), Stage.SEND: ("SendEmail", 1), Stage.RECORD: ("PutItem", 1)}
    handlers = {"notify@r1": handler, "notify@r2": handler}
    peer = Subject("Check, then send, then put", handlers, stages, ("sent", "pk"), describe_table, line, clock)
    return report(peer, (), points)


def describe_table(table: MemoryTable) -> str:
    """Return the final state in a peer's table: `sent`, `sending`, or an empty string."""
    items = table.scan(TableName=table.name)["Items"]
    if not items:
        return ""
    sent = ({"S": "COMPLETED"}, {"BOOL": True})
    return "sent" if any(item.get(name) in sent for item in items for name in ("status", "sent")) else "sending"


def make_client(line: Line, service: str) -> Any:
    """Return a client with boto3's default settings, which retry requests without an answer."""
    session = botocore.session.get_session()
    session.set_credentials("test", "test")
    return line.join(session.create_client(service, region_name="us-east-1"))
