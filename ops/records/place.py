"""What the commands on people's records work with: the ledger and the dead letters of one Herald."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from function.ledger import address_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Clients and names of one Herald; `secret` is the key that addresses are hashed with."""

    dynamodb: DynamoDBClient
    sqs: SQSClient
    ledger: str
    dead: str
    secret: bytes

    def key(self, address: str) -> str:
        """The key under which an address is on the suppression list."""
        return address_key(self.secret, address)
