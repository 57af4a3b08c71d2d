"""One installation of Herald: its queues, its ledger, and the key that addresses are hashed with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.ledger.keys import address_key, message_key
from function.ledger.record import Record
from function.ledger.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["Installation"]


def _no_secret() -> bytes:
    raise LookupError("this installation was given no address key")


@dataclass(frozen=True, slots=True)
class Installation:
    """Clients and names; queues are URLs. `secret` fetches the key that addresses are hashed with.

    `books` is the table with the web app's outbox; empty for an installation without one.
    """

    sqs: SQSClient
    dynamodb: DynamoDBClient
    dead: str
    retry: str
    feedback: str
    ledger: str
    secret: Callable[[], bytes] = _no_secret
    books: str = ""

    def record(self, message_id: str) -> Record | None:
        """The ledger's record of a message, read consistently."""
        item = Table(self.dynamodb, self.ledger).get(message_key(message_id))
        return None if item is None else Record.from_item(item)

    def is_suppressed(self, address: str) -> bool:
        """Whether the address with this key is on the suppression list."""
        return "since" in (Table(self.dynamodb, self.ledger).get(address) or {})

    def key(self, address: str) -> str:
        """The key of an address's item in the ledger."""
        return address_key(self.secret(), address)
