"""Who gets no mail: Herald's own list, in the ledger's items of addresses, and SES's, which each region has for itself.

https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from operations.installation import Installation, projection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_sesv2 import SESV2Client

__all__ = [
    "Listing",
    "Suppression",
    "find_listing",
    "find_suppression",
    "get_suppression",
    "list_suppressions",
    "remove_suppression",
    "scan_suppressions",
    "take_off",
]


#: What the suppression is in the item of an address.
_ATTRIBUTES = ("pk", "reason", "since", "message_id")


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


@dataclass(frozen=True, slots=True)
class Listing:
    """Where an address is listed: its entries on Herald's own list, and the regions whose SES has it on its list."""

    address: str
    entries: tuple[Suppression, ...]
    regions: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.entries or self.regions)


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
        **projection(_ATTRIBUTES),
    )
    for page in read:
        yield list(map(Suppression.of, page["Items"]))


def find_listing(installation: Installation, address: str) -> Listing:
    """Where an address is listed. Raises botocore's errors: then it is not known."""
    entries = (get_suppression(installation, key) for key in installation.address_keys(address))
    regions = [region for region, client in installation.ses().items() if _is_on_list(client, address)]
    return Listing(address, tuple(entry for entry in entries if entry), tuple(regions))


def find_suppression(installation: Installation, address: str) -> Suppression | None:
    """The entry of one address on Herald's own list."""
    entries = (get_suppression(installation, key) for key in installation.address_keys(address))
    return next((entry for entry in entries if entry), None)


def get_suppression(installation: Installation, key: str) -> Suppression | None:
    """The entry under the key of an address, if it is on the list."""
    item = installation.read(key, _ATTRIBUTES)
    return Suppression.of(item) if item and "since" in item else None


def take_off(installation: Installation, address: str) -> Listing:
    """Take an address off SES's list in every region, then off Herald's own; returns where it was.

    In this order, because a mail to an address that is on SES's list only is accepted and never sent. Where SES
    refuses, the address stays on Herald's list and gets no mail: do it again. What its reader unsubscribed from stays.
    """
    regions = [region for region, client in installation.ses().items() if _delete_from_list(client, address)]
    entries = [entry for key in installation.address_keys(address) if (entry := get_suppression(installation, key))]
    for entry in entries:
        remove_suppression(installation, entry)
    return Listing(address, tuple(entries), tuple(regions))


def remove_suppression(installation: Installation, entry: Suppression) -> None:
    """Take one entry off Herald's own list; SES's stays as it is."""
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


def _is_on_list(client: SESV2Client, address: str) -> bool:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetSuppressedDestination.html"""
    return any(_found(client, client.get_suppressed_destination, each) for each in _spellings(address))


def _delete_from_list(client: SESV2Client, address: str) -> bool:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeleteSuppressedDestination.html"""
    found = [_found(client, client.delete_suppressed_destination, each) for each in _spellings(address)]
    return any(found)


def _found(client: SESV2Client, call: Callable[..., Any], address: str) -> bool:
    try:
        call(EmailAddress=address)
    except client.exceptions.NotFoundException:
        return False
    return True


def _spellings(address: str) -> list[str]:
    """AWS does not say whether its list tells letter cases apart."""
    return list(dict.fromkeys((address.strip(), address.strip().lower())))
