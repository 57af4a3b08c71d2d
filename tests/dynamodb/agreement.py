"""What the comparison with an emulator needs: its client, its table, and its list of differences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from moto import mock_aws

from tests.dynamodb.case import TABLE
from tests.dynamodb.differences import DIFFERENCES

__all__ = ["client_of", "differing", "moto_client"]


@contextmanager
def moto_client() -> Iterator[Any]:
    """A client of moto in this process."""
    with mock_aws():
        yield client_of(None)


def client_of(endpoint: str | None) -> Any:
    """A client that tries once, with the table that every case is run on."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def differing(emulator: str) -> frozenset[str]:
    """The cases in which the emulator is known to differ."""
    return frozenset(case for cases in DIFFERENCES[emulator].values() for case in cases)
