"""Suppressed addresses: on Herald's own list, in the ledger's address items, and on SES's lists, one in each region.

https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from function.ledger.attributes import deserialize, deserialize_item, serialize_item, write_if_allowed
from function.ledger.keys import ADDRESS_PREFIX, EVENT_PREFIX, own_list_of
from function.ledger.record import EventItem
from operations.installation import Installation
from operations.outbox import find_bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_sesv2 import SESV2Client

__all__ = [
    "AddressSuppressions",
    "RekeyResult",
    "Suppression",
    "find_address_suppressions",
    "find_suppression",
    "get_suppression",
    "list_suppressions",
    "rekey_addresses",
    "remove_suppression",
    "scan_suppressions",
    "take_off",
]


#: The attributes of a suppression in the address item.
_ATTRIBUTES = ("pk", "reason", "since", "message_id")


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why an address gets no mail, since when, and after which message; only the address's hash is known (`key`)."""

    key: str
    reason: str
    since: datetime
    message_id: str

    @property
    def tenant(self) -> str | None:
        """The tenant on whose own list it is; None: on the general list."""
        return own_list_of(self.key)

    @property
    def whose(self) -> str:
        """The list's name, for people."""
        return f"the suppression list of {self.tenant}" if self.tenant else "Herald's suppression list"

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Suppression:
        """Read one item of the ledger."""
        values = deserialize_item(item)
        since = datetime.fromtimestamp(values["since"] / 1000, UTC)
        return cls(values["pk"], values["reason"], since, values["message_id"])


@dataclass(frozen=True, slots=True)
class AddressSuppressions:
    """Where an address is listed: its entries on Herald's lists, and the regions whose SES list contains it."""

    address: str
    entries: tuple[Suppression, ...]
    regions: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.entries or self.regions)


@dataclass(frozen=True, slots=True)
class RekeyResult:
    """How many addresses were found, how many items were moved to the newest key, and how many addresses may still have
    items under an older key."""

    addresses: int
    moved: int
    left: int


def list_suppressions(installation: Installation) -> Iterator[Suppression]:
    """Yield the whole list; scans the whole table."""
    return chain.from_iterable(scan_suppressions(installation))


def scan_suppressions(installation: Installation) -> Iterator[list[Suppression]]:
    """Yield the list page by page while scanning the whole table; many pages are empty."""
    condition = "begins_with(pk, :address) AND attribute_exists(since)"
    for items in installation.scan(condition, {":address": ADDRESS_PREFIX}, _ATTRIBUTES):
        yield list(map(Suppression.from_item, items))


def find_address_suppressions(
    installation: Installation, address: str, tenant: str | None = None
) -> AddressSuppressions:
    """Find where an address is listed; with a `tenant`, of Herald's lists only on that tenant's own. Raises botocore's
    errors if that cannot be determined."""
    entries = (get_suppression(installation, key) for key in installation.list_keys(address))
    regions = [region for region, client in installation.ses().items() if _is_on_list(client, address)]
    listed = tuple(entry for entry in entries if entry and tenant in (None, entry.tenant))
    return AddressSuppressions(address, listed, tuple(regions))


def find_suppression(installation: Installation, address: str) -> Suppression | None:
    """Return the entry of an address on Herald's general list."""
    entries = (get_suppression(installation, key) for key in installation.address_keys(address))
    return next((entry for entry in entries if entry), None)


def get_suppression(installation: Installation, key: str) -> Suppression | None:
    """Return the suppression in the item with this key, if there is one."""
    item = installation.read(key, _ATTRIBUTES)
    return Suppression.from_item(item) if item and "since" in item else None


def take_off(installation: Installation, address: str, tenant: str | None = None) -> AddressSuppressions:
    """Remove an address from SES's list in every region, then from Herald's lists; with a `tenant`, only from that
    tenant's. Returns where it was.

    In this order, because a mail to an address that is only on SES's list is accepted and never sent. If SES refuses,
    the address stays on Herald's list and gets no mail: repeat the removal. The reader's unsubscriptions stay.
    """
    regions = [region for region, client in installation.ses().items() if _delete_from_list(client, address)]
    entries = [entry for key in installation.list_keys(address) if (entry := get_suppression(installation, key))]
    entries = [entry for entry in entries if tenant in (None, entry.tenant)]
    for entry in entries:
        remove_suppression(installation, entry)
    return AddressSuppressions(address, tuple(entries), tuple(regions))


def remove_suppression(installation: Installation, entry: Suppression) -> None:
    """Remove one entry from Herald's own list; SES's list stays as it is."""
    write_if_allowed(  # if the condition fails, it is already off the list
        lambda: installation.dynamodb.update_item(
            TableName=installation.ledger,
            Key=serialize_item({"pk": entry.key}),
            UpdateExpression="REMOVE reason, since, message_id",
            ConditionExpression="attribute_exists(since)",
        )
    )


def rekey_addresses(installation: Installation) -> RekeyResult:
    """Move address items under older keys to the newest key, for every address that can be found.

    Keys are hashes, so an item can be moved only if its address is found: in an event that the ledger or the outbox
    keeps, or on SES's lists. Reads both tables and the lists; safe to repeat, also after an interruption.
    """
    addresses = frozenset(_find_addresses(installation))
    moved = sum(_move(installation, old, new) for old, new in _list_key_pairs(installation, addresses))
    newest = {installation.address_keys(address)[0] for address in addresses}
    left = sum("#".join(key.split("#")[:2]) not in newest for key in _scan_keys(installation))
    return RekeyResult(len(addresses), moved, left)


def _list_key_pairs(installation: Installation, addresses: Collection[str]) -> Iterator[tuple[str, str]]:
    for address in addresses:
        new, *older = installation.address_keys(address)
        for old in older:
            yield from zip(installation.add_own_list_keys((old,)), installation.add_own_list_keys((new,)), strict=True)


def _find_addresses(installation: Installation) -> Iterator[str]:
    pages = installation.scan("begins_with(pk, :event) AND attribute_exists(body)", {":event": EVENT_PREFIX})
    bodies = (EventItem.from_item(item).text or "" for item in chain.from_iterable(pages))
    for body in chain(bodies, find_bodies(installation)):
        try:
            yield str(json.loads(body)["data"]["recipient"]["email"])
        except (ValueError, LookupError, TypeError, RecursionError):
            continue
    for client in installation.ses().values():
        more: dict[str, Any] = {}
        while True:
            listed = client.list_suppressed_destinations(**more)
            yield from (each["EmailAddress"] for each in listed.get("SuppressedDestinationSummaries", ()))
            if not listed.get("NextToken"):
                break
            more = {"NextToken": listed["NextToken"]}


def _move(installation: Installation, old: str, new: str) -> bool:
    """Copy an address item to another key and delete the first in one transaction; existing attributes are not
    overwritten."""
    dynamodb, table = installation.dynamodb, installation.ledger
    item = dynamodb.get_item(TableName=table, Key=serialize_item({"pk": old}), ConsistentRead=True).get("Item")
    names = {f"#a{number}": name for number, name in enumerate(sorted((item or {}).keys() - {"pk"}))}
    if item is None or not names:
        return False
    values = {f":{name[1:]}": item[real] for name, real in names.items()}
    sets = ", ".join(f"{name} = if_not_exists({name}, :{name[1:]})" for name in names)
    same = " AND ".join(f"{name} = :{name[1:]}" for name in names)
    shared: Any = {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values, "TableName": table}
    items: Any = [
        {"Update": {"Key": serialize_item({"pk": new}), "UpdateExpression": f"SET {sets}", **shared}},
        {"Delete": {"Key": serialize_item({"pk": old}), "ConditionExpression": same, **shared}},
    ]
    dynamodb.transact_write_items(TransactItems=items)
    return True


def _scan_keys(installation: Installation) -> Iterator[str]:
    pages = installation.scan("begins_with(pk, :address)", {":address": ADDRESS_PREFIX}, ("pk",))
    return (deserialize(item["pk"]) for item in chain.from_iterable(pages))


def _is_on_list(client: SESV2Client, address: str) -> bool:
    """Whether SES's list contains the address:
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetSuppressedDestination.html"""
    return any(_call_if_listed(client, client.get_suppressed_destination, each) for each in _list_spellings(address))


def _delete_from_list(client: SESV2Client, address: str) -> bool:
    """Remove the address from SES's list:
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeleteSuppressedDestination.html"""
    found = [_call_if_listed(client, client.delete_suppressed_destination, each) for each in _list_spellings(address)]
    return any(found)


def _call_if_listed(client: SESV2Client, call: Callable[..., Any], address: str) -> bool:
    try:
        call(EmailAddress=address)
    except client.exceptions.NotFoundException:
        return False
    return True


def _list_spellings(address: str) -> list[str]:
    """Return the address as written and in lower case: AWS does not document whether its list is case-sensitive."""
    return list(dict.fromkeys((address.strip(), address.strip().lower())))
