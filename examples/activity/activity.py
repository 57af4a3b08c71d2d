"""A second service on the same events: one line for whatever happens to a book, and for what becomes of its mails.

One queue gets the messages of the app's topic and of Herald's. A line and the mark that it was written are one
transaction, made with the ledger's own code, so that a repeated event writes none and a killed function loses none.
"""

from __future__ import annotations

import json
import os
import time
from functools import cache
from typing import Any

import botocore.session

from function.ledger.keys import event_key
from function.ledger.table import Table
from function.ledger.writes.requests import put, update

#: Seconds that a mark is kept: longer than SNS (23 days) and the queue (14) may hold an event back.
KEPT = 60 * 86_400


def note(table: Table, event: dict[str, Any], now: int) -> bool:
    """Write the line of one event, under its id where it has no subject; False if it is there already."""
    mark = {"pk": event_key(event["source"], event["id"]), "expires_at": now + KEPT}
    about = event.get("subject") or event["id"]
    line = {"type": event["type"], "time": event["time"]}
    append = "SET #lines = list_append(if_not_exists(#lines, :none), :line)"
    writes = [
        {"Put": put(table.name, mark, "attribute_not_exists(#pk)", {})},
        {"Update": update(table.name, f"activity#{about}", append, "", {"none": [], "line": [line]})},
    ]
    return table.write(writes) is None


@cache
def open_table() -> Table:
    """The table of this process."""
    return Table(botocore.session.get_session().create_client("dynamodb"), os.environ["ACTIVITY_TABLE"])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take a batch from the queue; what could not be written comes again, alone."""
    failed: list[dict[str, str]] = []
    for record in event["Records"]:
        try:
            note(open_table(), json.loads(record["body"]), int(time.time()))
        except Exception as error:
            print(json.dumps({"failed": record["messageId"], "why": type(error).__name__}))  # noqa: T201 - Lambda's log
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
