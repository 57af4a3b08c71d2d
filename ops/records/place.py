"""Which Herald's records: the one in AWS by the prefix of its names, or the laptop's after `eval "$(make -s env)"`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from function.ledger import address_key
from ops.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["Place", "found"]

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})


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


def found(prefix: str) -> Place:
    """The Herald that the environment leads to; raises `UserError` if it leads to none."""
    try:
        session = boto3.Session()
        sqs = session.client("sqs", config=_CONFIG)
        parameter = os.environ.get("HERALD_ADDRESS_KEY_PARAMETER") or f"/{prefix}/address-key"
        ssm = session.client("ssm", config=_CONFIG)
        secret = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
        dead = os.environ.get("HERALD_DEAD_QUEUE_URL") or sqs.get_queue_url(QueueName=f"{prefix}-dead")["QueueUrl"]
        ledger = os.environ.get("HERALD_LEDGER_TABLE") or f"{prefix}-ledger"
        return Place(session.client("dynamodb", config=_CONFIG), sqs, ledger, dead, secret.encode())
    except (BotoCoreError, ClientError) as problem:
        raise UserError(
            f"no Herald named {prefix} was found: {problem}. Name another --prefix or AWS_REGION; the laptop's is "
            'found after eval "$(make -s env)"'
        ) from None
