"""AWS clients of the web app, with timeouts for each attempt and the request's deadline for all calls together."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config

from operations.aws_retries import retry_contention
from webapp import deadline

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

__all__ = ["CONFIG", "cognito", "dynamodb", "functions", "keep_deadline", "make_client", "ses", "sns", "sqs", "ssm"]

ClientT = TypeVar("ClientT")

CONFIG = Config(
    connect_timeout=1 * deadline.FACTOR,
    read_timeout=3 * deadline.FACTOR,
    max_pool_connections=50,
    parameter_validation=False,  # DynamoDB and SNS validate their input; botocore's own validation costs 0.1 ms a call
    retries={"mode": "standard", "total_max_attempts": 3},
)


def keep_deadline(client: ClientT) -> ClientT:
    """Make this client retry contended calls, and start no attempt after the request's deadline; return it."""
    of_any_service: Any = client
    of_any_service.meta.events.register("before-send", _check_deadline, unique_id="herald-deadline")
    return retry_contention(client)


def _check_deadline(**_: object) -> None:
    deadline.get_remaining(1)


@cache
def dynamodb() -> DynamoDBClient:
    return keep_deadline(boto3.client("dynamodb", config=CONFIG))


@cache
def cognito() -> CognitoIdentityProviderClient:
    return keep_deadline(boto3.client("cognito-idp", config=CONFIG))


@cache
def sns() -> SNSClient:
    return keep_deadline(boto3.client("sns", config=CONFIG))


@cache
def sqs() -> SQSClient:
    return keep_deadline(boto3.client("sqs", config=CONFIG))


@cache
def functions() -> LambdaClient:
    return keep_deadline(boto3.client("lambda", config=CONFIG))


@cache
def ssm() -> SSMClient:
    return keep_deadline(boto3.client("ssm", config=CONFIG))


@cache
def make_client(service: str) -> Any:
    """The client of a service that only the operators' status page needs."""
    make: Any = boto3.client
    return keep_deadline(make(service, config=CONFIG))


@cache
def ses(region: str) -> SESV2Client:
    """The SES client of a region; each region has its own suppression list."""
    return keep_deadline(boto3.client("sesv2", region_name=region, config=CONFIG))
