"""One installation of Herald: its queues, its ledger, SES in the regions that it sends from, and the address keys."""

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


#: What is read of a message's item: everything but the event, which releases before the last kept in it.
RECORD_ATTRIBUTES = ("pk", *(name for name in Record.__slots__ if name not in {"message_id", "event"}))


def build_projection(attributes: Collection[str]) -> dict[str, Any]:
    """The arguments of a read that returns these attributes only."""
    names = {f"#a{number}": name for number, name in enumerate(attributes)}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}


def _give_no_secrets() -> Sequence[bytes]:
    raise LookupError("this installation was given no address key")


@dataclass(frozen=True, slots=True)
class Installation:
    """Clients and names; queues are URLs. `secrets` fetches the keys that addresses are hashed with, newest first: the
    first writes, each of them may have written.

    `books` is the table with the web app's outbox; empty for an installation without one. `ses` gives a client for each
    region that mails leave from.
    """

    sqs: SQSClient
    dynamodb: DynamoDBClient
    dead: str
    retry: str
    feedback: str
    ledger: str
    secrets: Callable[[], Sequence[bytes]] = _give_no_secrets
    books: str = ""
    ses: Callable[[], Mapping[str, SESV2Client]] = dict
    #: Whether the caller may read the events themselves; the web app may not.
    reads_events: bool = True
    #: The tenants that have a suppression list of their own.
    own_lists: Callable[[], Sequence[str]] = tuple

    def record(self, message_id: str) -> Record | None:
        """The ledger's record of a message, read consistently."""
        item = self.read(message_key(message_id), RECORD_ATTRIBUTES)
        return None if item is None else Record.from_item(item)

    def keeps_event(self, record: Record) -> bool:
        """Whether the ledger keeps the event of a message, as far as the caller may know: its item may be there without
        it."""
        attributes = ("message_id", "body") if self.reads_events else ("message_id",)
        item = self.read(record.event_key, attributes) if record.event_key else None
        event = EventItem.from_item(item) if item else None
        if event is None or event.message_id != record.message_id:
            return False
        return not self.reads_events or event.body is not None

    def read(self, key: str, attributes: Collection[str]) -> Mapping[str, Any] | None:
        """These attributes of an item of the ledger, read consistently, in DynamoDB's typed JSON; None: no such item.

        Whoever reads names what they read: the rights of the web app end before the events themselves.
        """
        return self.dynamodb.get_item(
            TableName=self.ledger, Key=serialize_item({"pk": key}), ConsistentRead=True, **build_projection(attributes)
        ).get("Item")

    def scan(
        self, condition: str, values: Mapping[str, object], attributes: Collection[str] = ()
    ) -> Iterator[Sequence[Mapping[str, Any]]]:
        """The items of the ledger that fit, read consistently, page by page of the whole table; many pages are empty.

        Of each item these attributes, or all.
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
        """The keys under which the ledger may know an address; the first is the one that is written."""
        return tuple(address_key(secret, address) for secret in self.secrets())

    def list_keys(self, address: str) -> tuple[str, ...]:
        """The keys of all items in which it may be said that an address gets no mail: of the list for all, and of each
        tenant that has a list of its own."""
        return self.in_own_lists(self.address_keys(address))

    def in_own_lists(self, keys: Sequence[str]) -> tuple[str, ...]:
        """These keys of an address, and those that it has for each tenant with a list of its own."""
        return (*keys, *(own_list_key(key, tenant) for tenant in self.own_lists() for key in keys))


def read_recipient(installation: Installation, record: Record) -> str | None:
    """The address that the event of a record names; None where that is not kept, or the caller may not read it."""
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
    """The regions whose SES the function `notify` is configured to send from, in its order of preference; none where it
    sends by other providers only.

    Raises `UserError` if there is no such function, or it does not say.
    """
    providers = read_providers(_read_settings(functions, notify), notify)
    if not providers:
        raise UserError(f"the function {notify} does not say which regions it sends from: HERALD_PROVIDERS is not set")
    return list(list_ses_regions(providers))


def read_providers(settings: Mapping[str, str], notify: str) -> tuple[str, ...]:
    """The URLs of the providers in the settings of the function `notify`, in order of preference; none where they are
    not set.

    Raises `UserError` where the function could not read them; what is there may hold a password, and is not repeated.
    """
    text = settings.get("HERALD_PROVIDERS", "").strip()
    try:
        return parse_provider_urls(text) if text else ()
    except ValueError:
        raise UserError(f"HERALD_PROVIDERS of {notify} names no providers: the function cannot start with it") from None


def read_own_lists(functions: LambdaClient, notify: str) -> list[str]:
    """The tenants with a suppression list of their own, as the function `notify` is configured. Raises `UserError` as
    above."""
    declared = _read_settings(functions, notify).get("HERALD_TENANTS", "")
    return find_own_lists(declared) if declared else []


def _read_settings(functions: LambdaClient, notify: str) -> Mapping[str, str]:
    try:
        configuration = functions.get_function(FunctionName=notify)["Configuration"]
    except functions.exceptions.ResourceNotFoundException:
        raise UserError(f"there is no function {notify} in this account and region") from None
    return configuration.get("Environment", {}).get("Variables", {})
