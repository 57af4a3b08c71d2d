"""The naive handler: check whether the mail was sent, send it, record that it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

__all__ = ["make_handler", "send"]


def make_handler(table: Any, ses: Any) -> Callable[[dict[str, Any], Any], None]:
    """Return a handler of SNS events that uses boto3's clients for DynamoDB and SES."""

    def handle(event: dict[str, Any], _context: Any) -> None:
        for record in event["Records"]:
            key = {"pk": {"S": record["Sns"]["MessageId"]}}
            if "Item" in table.get_item(TableName="sent", Key=key):
                continue
            send(ses, record["Sns"]["Message"])
            table.put_item(TableName="sent", Item=key | {"sent": {"BOOL": True}})

    return handle


def send(ses: Any, body: str) -> str:
    """Send a plain mail; return its SES MessageId."""
    data = json.loads(body)["data"]
    answer = ses.send_email(
        FromEmailAddress="books@example.com",
        Destination={"ToAddresses": [data["recipient"]["email"]]},
        Content={
            "Simple": {
                "Subject": {"Data": f"New book: {data['book']['title']}"},
                "Body": {"Text": {"Data": f"{data['book']['title']} by {data['book']['author']} is there."}},
            }
        },
    )
    message_id: str = answer["MessageId"]
    return message_id
