"""Which Herald a command works on: the laptop's, or one in AWS by the prefix of its names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from function.ledger import Record, Table, message_key
from ops.errors import UserError
from ops.local.clients import Clients
from ops.local.description import Description

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["Place", "aws", "laptop"]

_QUEUES = ("dead", "retry", "feedback")
_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})


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
        return Table(self.dynamodb, self.ledger).get(address) is not None


def laptop(descriptor: Path) -> Place:
    """The laptop cloud that runs here. Raises `UserError` if none does."""
    cloud = Description.read(descriptor)
    clients = Clients(cloud.endpoints)
    queues = cloud.queues
    return Place(
        clients.sqs, clients.dynamodb, queues["dead"], queues["retry"], queues["feedback"], cloud.tables["ledger"]
    )


def aws(prefix: str) -> Place:
    """The Herald in the account and region that the user's AWS settings lead to."""
    try:
        session = boto3.Session()
        if session.region_name is None:
            raise UserError("no AWS region is set: export AWS_REGION=eu-west-1, or say --local for the laptop cloud")
        sqs = session.client("sqs", config=_CONFIG)
        dead, retry, feedback = (_url(sqs, f"{prefix}-{name}", session.region_name) for name in _QUEUES)
        ledger = os.environ.get("HERALD_LEDGER_TABLE") or f"{prefix}-ledger"
        return Place(sqs, session.client("dynamodb", config=_CONFIG), dead, retry, feedback, ledger)
    except (BotoCoreError, ClientError) as problem:
        raise UserError(f"AWS was not reached: {problem}. Are you signed in? The laptop cloud is --local") from None


def _url(sqs: SQSClient, name: str, region: str) -> str:
    try:
        return sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        raise UserError(
            f"there is no queue {name} in {region}: name another --prefix or AWS_REGION, or say --local"
        ) from None
