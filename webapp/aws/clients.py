"""AWS clients of the web app, with timeouts that end before a caller's patience."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from operations.contention import retry_contention

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

__all__ = ["dynamodb", "functions", "sns", "sqs", "ssm"]

_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    max_pool_connections=50,
    parameter_validation=False,  # DynamoDB and SNS check what they are sent; botocore's own check costs 0.1 ms a call
    retries={"mode": "standard", "total_max_attempts": 3},
)


@cache
def dynamodb() -> DynamoDBClient:
    return retry_contention(boto3.client("dynamodb", config=_CONFIG))


@cache
def sns() -> SNSClient:
    return retry_contention(boto3.client("sns", config=_CONFIG))


@cache
def sqs() -> SQSClient:
    return retry_contention(boto3.client("sqs", config=_CONFIG))


@cache
def functions() -> LambdaClient:
    return retry_contention(boto3.client("lambda", config=_CONFIG))


@cache
def ssm() -> SSMClient:
    return retry_contention(boto3.client("ssm", config=_CONFIG))
