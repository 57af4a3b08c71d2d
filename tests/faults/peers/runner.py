"""Sets up a peer for the crash matrix, and its clients."""

from __future__ import annotations

from typing import Any

import botocore.session

from bench.speed.references.naive_handler import make_handler
from fakes.dynamodb.table import MemoryTable
from tests.faults.botocore_pipe import BotocorePipe
from tests.faults.fork_preparation import prepare_for_forks
from tests.faults.matrix import Subject
from tests.faults.points import Stage
from tests.faults.report import report

__all__ = ["describe_table", "make_client", "run_check_then_put"]


def run_check_then_put(points: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the report on the handler that checks, sends, then puts."""
    pipe, clock = prepare_for_forks()
    handler = make_handler(make_client(pipe, "dynamodb"), make_client(pipe, "sesv2"))
    stages = {Stage.CLAIM: ("GetItem", 1), Stage.SEND: ("SendEmail", 1), Stage.RECORD: ("PutItem", 1)}
    handlers = {"notify@r1": handler, "notify@r2": handler}
    peer = Subject("Check, then send, then put", handlers, stages, ("sent", "pk"), describe_table, pipe, clock)
    return report(peer, (), points)


def describe_table(table: MemoryTable) -> str:
    """Return the final state in a peer's table: `sent`, `sending`, or an empty string."""
    items = table.scan(TableName=table.name)["Items"]
    if not items:
        return ""
    sent = ({"S": "COMPLETED"}, {"BOOL": True})
    return "sent" if any(item.get(name) in sent for item in items for name in ("status", "sent")) else "sending"


def make_client(pipe: BotocorePipe, service: str) -> Any:
    """Return a client with boto3's default settings, which retry requests without an answer."""
    session = botocore.session.get_session()
    session.set_credentials("test", "test")
    return pipe.join(session.create_client(service, region_name="us-east-1"))
