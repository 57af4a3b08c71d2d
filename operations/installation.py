"""One installation of Herald: its queues, its ledger, SES in its sending regions, and the address keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key, message_key, own_list_key
from function.ledger.record import EventItem, Record
from function.message.addressing.tenant import find_own_lists
from function.providers.urls import list_ses_regions, parse_provider_urls
from operations.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

__all__ = [
    "RECORD_ATTRIBUTES",
    "Installation",
    "build_projection",
    "read_own_lists",
    "read_providers",
    "read_recipient",
    "read_sending_regions",
]


#: The attributes that are read from a message item: all but the event, which early releases kept in it.
RECORD_ATTRIBUTES = ("pk", *(name for name in Record.__slots__ if name not in {"message_id", "event"}))


def build_projection(attributes: Collection[str]) -> dict[str, Any]:
    """Return the arguments of a read that returns only these attributes."""
    names = {f"#a{number}": name for number, name in enumerate(attributes)}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}


def _get_no_secrets() -> Sequence[bytes]:
    raise LookupError("this installation was given no address key")


@dataclass(frozen=True, slots=True)
class Installation:
    """Clients and names; queues are URLs. `secrets` returns the address keys, newest first: the first is used for
    writing, and any of them may have been used before.

    `books` is the table with the web app's outbox; empty for an installation without one. `ses` returns a client for
    each sending region.
    """

    sqs: SQSClient
    dynamodb: DynamoDBClient
    dead: str
    retry: str
    feedback: str
    ledger: str
    secrets: Callable[[], Sequence[bytes]] = _get_no_secrets
    books: str = ""
    ses: Callable[[], Mapping[str, SESV2Client]] = dict
    #: Whether the caller may read event bodies; the web app may not.
    reads_events: bool = True
    #: Returns the tenants that have their own suppression list.
    own_lists: Callable[[], Sequence[str]] = tuple

    def record(self, message_id: str) -> Record | None:
        """Read the ledger's record of a message, consistently."""
        item = self.read(message_key(message_id), RECORD_ATTRIBUTES)
        return None if item is None else Record.from_item(item)

    def keeps_event(self, record: Record) -> bool:
        """Whether the ledger keeps a message's event, as far as the caller can see: a caller who may not read event
        bodies sees only that the item exists."""
        attributes = ("message_id", "body") if self.reads_events else ("message_id",)
        item = self.read(record.event_key, attributes) if record.event_key else None
        event = EventItem.from_item(item) if item else None
        if event is None or event.message_id != record.message_id:
            return False
        return not self.reads_events or event.body is not None

    def read(self, key: str, attributes: Collection[str]) -> Mapping[str, Any] | None:
        """Read these attributes of a ledger item, consistently, in DynamoDB's typed JSON; None if there is no such
        item.

        The attributes must be named, because the web app's permissions exclude event bodies.
        """
        return self.dynamodb.get_item(
            TableName=self.ledger, Key=serialize_item({"pk": key}), ConsistentRead=True, **build_projection(attributes)
        ).get("Item")

    def scan(
        self, condition: str, values: Mapping[str, object], attributes: Collection[str] = ()
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Scan the whole ledger for items that match, consistently and page by page; many pages are empty.

        Returns these attributes of each item, or all.
        """
        pages = self.dynamodb.get_paginator("scan").paginate(
            TableName=self.ledger,
            FilterExpression=condition,
            ExpressionAttributeValues=serialize_item(values),
            ConsistentRead=True,
            **(build_projection(attributes) if attributes else {}),
        )
        return (page["Items"] for page in pages)

    def address_keys(self, address: str) -> tuple[str, ...]:
        """Return the keys under which the ledger may know an address; the first is used for writing."""
        return tuple(address_key(secret, address) for secret in self.secrets())

    def list_keys(self, address: str) -> tuple[str, ...]:
        """Return the keys of all items that may say that an address gets no mail: for the general list, and for each
        tenant with its own list."""
        return self.add_own_list_keys(self.address_keys(address))

    def add_own_list_keys(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Return these keys of an address, and its keys for each tenant with its own list."""
        return (*keys, *(own_list_key(key, tenant) for tenant in self.own_lists() for key in keys))


def read_recipient(installation: Installation, record: Record) -> str | None:
    """Return the recipient's address in a record's event; None if the event is not kept, or the caller may not read
    it."""
    readable = installation.reads_events and record.event_key
    item = installation.read(record.event_key, ("message_id", "body")) if readable and record.event_key else None
    event = EventItem.from_item(item) if item else None
    try:
        body = event.text if event and event.message_id == record.message_id else None
        email = json.loads(body)["data"]["recipient"]["email"] if body else None
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return email if isinstance(email, str) else None


def read_sending_regions(functions: LambdaClient, notify: str) -> list[str]:
    """Return the regions in which the function `notify` sends with SES, in its order of preference; none if it sends
    only with other providers.

    Raises `UserError` if there is no such function, or its providers are not set.
    """
    providers = read_providers(_read_settings(functions, notify), notify)
    if not providers:
        raise UserError(f"the function {notify} does not say which regions it sends from: HERALD_PROVIDERS is not set")
    return list(list_ses_regions(providers))


def read_providers(settings: Mapping[str, str], notify: str) -> tuple[str, ...]:
    """Return the provider URLs in the settings of the function `notify`, in order of preference; none if they are not
    set.

    Raises `UserError` if they are invalid; the value is not repeated, as it may contain a password.
    """
    text = settings.get("HERALD_PROVIDERS", "").strip()
    try:
        return parse_provider_urls(text) if text else ()
    except ValueError:
        raise UserError(f"HERALD_PROVIDERS of {notify} names no providers: the function cannot start with it") from None


def read_own_lists(functions: LambdaClient, notify: str) -> list[str]:
    """Return the tenants that have their own suppression list, from the settings of the function `notify`. Raises
    `UserError` if there is no such function."""
    declared = _read_settings(functions, notify).get("HERALD_TENANTS", "")
    return find_own_lists(declared) if declared else []


def _read_settings(functions: LambdaClient, notify: str) -> Mapping[str, str]:
    try:
        configuration = functions.get_function(FunctionName=notify)["Configuration"]
    except functions.exceptions.ResourceNotFoundException:
        raise UserError(f"there is no function {notify} in this account and region") from None
    return configuration.get("Environment", {}).get("Variables", {})
