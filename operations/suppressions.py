"""The suppression list: it lies in the ledger's items of addresses, beside what their readers unsubscribed from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operations.installation import Installation

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Suppression",
    "find_suppression",
    "get_suppression",
    "list_suppressions",
    "remove_suppression",
    "scan_suppressions",
]


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why an address gets no mail, since when, and after which message; `key` is all that is known of the address."""

    key: str
    reason: str
    since: datetime
    message_id: str

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Suppression:
        """Read one item of the ledger."""
        since = datetime.fromtimestamp(int(item["since"]["N"]) / 1000, UTC)
        return cls(item["pk"]["S"], item["reason"]["S"], since, item["message_id"]["S"])


def list_suppressions(installation: Installation) -> Iterator[Suppression]:
    """The whole list; reads the whole table."""
    return chain.from_iterable(scan_suppressions(installation))


def scan_suppressions(installation: Installation) -> Iterator[list[Suppression]]:
    """The list page by page of a scan of the whole table; many pages are empty."""
    read = installation.dynamodb.get_paginator("scan").paginate(
        TableName=installation.ledger,
        FilterExpression="begins_with(pk, :address) AND attribute_exists(since)",
        ExpressionAttributeValues={":address": {"S": "address#"}},
        ConsistentRead=True,
    )
    for page in read:
        yield list(map(Suppression.of, page["Items"]))


def find_suppression(installation: Installation, address: str) -> Suppression | None:
    """The entry of one address, if it is on the list."""
    return get_suppression(installation, installation.key(address))


def get_suppression(installation: Installation, key: str) -> Suppression | None:
    """The entry under the key of an address, if it is on the list."""
    item = installation.dynamodb.get_item(
        TableName=installation.ledger, Key={"pk": {"S": key}}, ConsistentRead=True
    ).get("Item")
    return Suppression.of(item) if item and "since" in item else None


def remove_suppression(installation: Installation, entry: Suppression) -> None:
    """Take an address off the list; what its reader unsubscribed from stays. SES keeps a list of its own."""
    try:
        installation.dynamodb.update_item(
            TableName=installation.ledger,
            Key={"pk": {"S": entry.key}},
            UpdateExpression="REMOVE reason, since, message_id",
            ConditionExpression="attribute_exists(since)",
        )
    except ClientError as error:  # somebody else was faster
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
