"""How many mails are scheduled, and how many were cancelled recently, if scheduling is on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from function.ledger.attributes import serialize_item
from function.ledger.keys import DUE_INDEX, DUE_SHARDS
from function.runtime.metrics import NAMESPACE
from operations.status.retry_backlog import read_points

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["LaterMails", "read_later"]

_DAY = timedelta(days=1)
#: Most pages that are counted of each partition: a page is a megabyte, some ten thousand mails.
_PAGES = 5


@dataclass(frozen=True, slots=True)
class LaterMails:
    """How many mails are kept for later, including those that are queued and not claimed yet; `more` says that there
    are more.

    `overdue` of them are due and not queued yet. `cancelled` were cancelled in the last 24 hours before they were sent.
    """

    count: int
    overdue: int
    cancelled: int
    more: bool = False


def read_later(
    dynamodb: DynamoDBClient, cloudwatch: CloudWatchClient, ledger: str, notify: str, now: datetime
) -> LaterMails:
    """Count the entries in the index of the table `ledger`, which is eventually consistent; reads nothing but
    counts."""
    at = int(now.timestamp() * 1000)
    waiting = [_count(dynamodb, ledger, str(shard), "#due_at > :now", at) for shard in range(DUE_SHARDS)]
    due = [_count(dynamodb, ledger, str(shard), "#due_at <= :now", at) for shard in range(DUE_SHARDS)]
    overdue = sum(count for count, _ in due)
    points = read_points(cloudwatch, NAMESPACE, "Cancelled", {"Service": notify}, _DAY, now, "Sum")
    cancelled = int(sum(number for _, number in points))
    more = any(more for _, more in [*waiting, *due])
    return LaterMails(overdue + sum(count for count, _ in waiting), overdue, cancelled, more)


def _count(dynamodb: DynamoDBClient, ledger: str, shard: str, when: str, now: int) -> tuple[int, bool]:
    """Count the entries in a partition of the index; return the count, and whether there are more.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
    """
    request: dict[str, Any] = {
        "TableName": ledger,
        "IndexName": DUE_INDEX,
        "Select": "COUNT",
        "KeyConditionExpression": f"#due = :due AND {when}",
        "ExpressionAttributeNames": {"#due": "due", "#due_at": "due_at"},
        "ExpressionAttributeValues": serialize_item({":due": shard, ":now": now}),
    }
    count = 0
    for _ in range(_PAGES):
        page = dynamodb.query(**request)
        count += page["Count"]
        if not page.get("LastEvaluatedKey"):
            return count, False
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    return count, True
