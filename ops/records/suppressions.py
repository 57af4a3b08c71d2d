"""The suppression list, in the ledger's items of addresses: they know a keyed hash only, and readers' choices too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.records.place import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Suppression", "entry_of", "listed", "pages", "remove", "suppression"]


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


def listed(place: Place) -> Iterator[Suppression]:
    """The whole list; reads the whole table."""
    return chain.from_iterable(pages(place))


def pages(place: Place) -> Iterator[list[Suppression]]:
    """The list in pieces, each as long as reading on through the table took; many hold nothing."""
    read = place.dynamodb.get_paginator("scan").paginate(
        TableName=place.ledger,
        FilterExpression="begins_with(pk, :address) AND attribute_exists(since)",
        ExpressionAttributeValues={":address": {"S": "address#"}},
    )
    for page in read:
        yield list(map(Suppression.of, page["Items"]))


def suppression(place: Place, address: str) -> Suppression | None:
    """The entry of one address, if it is on the list."""
    return entry_of(place, place.key(address))


def entry_of(place: Place, key: str) -> Suppression | None:
    """The entry under the key of an address, if it is on the list."""
    item = place.dynamodb.get_item(TableName=place.ledger, Key={"pk": {"S": key}}, ConsistentRead=True).get("Item")
    return Suppression.of(item) if item and "since" in item else None


def remove(place: Place, entry: Suppression) -> None:
    """Take an address off the list; what its reader chose stays, and SES keeps a list of its own."""
    try:
        place.dynamodb.update_item(
            TableName=place.ledger,
            Key={"pk": {"S": entry.key}},
            UpdateExpression="REMOVE reason, since, message_id",
            ConditionExpression="attribute_exists(since)",
        )
    except ClientError as error:  # somebody else was faster
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
