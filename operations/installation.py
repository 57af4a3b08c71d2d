"""One installation of Herald: its queues, its ledger, SES in the regions that it sends from, and the address keys."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from function.ledger.keys import address_key, message_key
from function.ledger.record import EventItem, Record
from operations.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

__all__ = ["EVENT_ATTRIBUTES", "RECORD_ATTRIBUTES", "Installation", "projection", "read_sending_regions"]


#: What is read of a message's item and, with its event, of an event's.
RECORD_ATTRIBUTES = ("pk", *(name for name in Record.__slots__ if name != "message_id"))
EVENT_ATTRIBUTES = tuple(EventItem.__slots__)


def projection(attributes: Collection[str]) -> dict[str, Any]:
    """The arguments of a read that returns these attributes only."""
    names = {f"#a{number}": name for number, name in enumerate(attributes)}
    return {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}


def _no_secrets() -> Sequence[bytes]:
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
    secrets: Callable[[], Sequence[bytes]] = _no_secrets
    books: str = ""
    ses: Callable[[], Mapping[str, SESV2Client]] = dict

    def record(self, message_id: str) -> Record | None:
        """The ledger's record of a message, read consistently."""
        item = self.read(message_key(message_id), RECORD_ATTRIBUTES)
        return None if item is None else Record.from_item(item)

    def event_of(self, record: Record) -> str | None:
        """The event of a message as it was published, if the ledger keeps it."""
        item = self.read(record.event_key, EVENT_ATTRIBUTES) if record.event_key else None
        event = EventItem.from_item(item) if item else None
        return event.text if event and event.message_id == record.message_id else None

    def read(self, key: str, attributes: Collection[str]) -> Mapping[str, Any] | None:
        """These attributes of an item of the ledger, read consistently, in DynamoDB's typed JSON; None: no such item.

        Whoever reads names what they read: the rights of the web app end before the events themselves.
        """
        return self.dynamodb.get_item(
            TableName=self.ledger, Key={"pk": {"S": key}}, ConsistentRead=True, **projection(attributes)
        ).get("Item")

    def address_keys(self, address: str) -> tuple[str, ...]:
        """The keys under which the ledger may know an address; the first is the one that is written."""
        return tuple(address_key(secret, address) for secret in self.secrets())


def read_sending_regions(functions: LambdaClient, notify: str) -> list[str]:
    """The regions whose SES the function `notify` is configured to send from, in its order of preference.

    Raises `UserError` if there is no such function, or it does not say.
    """
    try:
        configuration = functions.get_function(FunctionName=notify)["Configuration"]
    except functions.exceptions.ResourceNotFoundException:
        raise UserError(f"there is no function {notify} in this account and region") from None
    providers = configuration.get("Environment", {}).get("Variables", {}).get("HERALD_PROVIDERS", "")
    urls = [url.strip() for url in providers.split(",")]
    regions = [url.removeprefix("ses://") for url in urls if url.startswith("ses://")]
    if not regions:
        raise UserError(f"the function {notify} does not say which regions it sends from: HERALD_PROVIDERS is not set")
    return list(dict.fromkeys(regions))
