"""What a redrive works with: the queues and the ledger of one Herald."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.ledger import Record, Table, message_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Clients and names of one Herald; queues are URLs."""

    sqs: SQSClient
    dynamodb: DynamoDBClient
    dead: str
    retry: str
    feedback: str
    ledger: str

    def record(self, message_id: str) -> Record | None:
        """What the ledger knows of a message, as of now."""
        item = Table(self.dynamodb, self.ledger).get(message_key(message_id))
        return None if item is None else Record.from_item(item)

    def listed(self, address: str) -> bool:
        """Whether an address, by its key, is on the suppression list."""
        return "since" in (Table(self.dynamodb, self.ledger).get(address) or {})
