"""boto3 clients of the laptop cloud. They ignore the user's AWS configuration, and cannot reach anything else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from laptop.environment import REGION

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["LaptopClients"]

#: Services with endpoints of their own, because ministack does not implement them, or not well enough.
SIMULATED = {"sesv2": "ses", "codedeploy": "codedeploy"}


class LaptopClients:
    """Creates each client on first use; thread-safe."""

    def __init__(self, endpoints: Mapping[str, str]) -> None:
        self._endpoints = endpoints
        self._session = boto3.Session("laptop", "laptop", region_name=REGION)
        self._made: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB."""
        client: DynamoDBClient = self.make_client("dynamodb")
        return client

    @property
    def sns(self) -> SNSClient:
        """SNS."""
        client: SNSClient = self.make_client("sns")
        return client

    @property
    def sqs(self) -> SQSClient:
        """SQS."""
        client: SQSClient = self.make_client("sqs")
        return client

    @property
    def functions(self) -> LambdaClient:
        """Lambda."""
        client: LambdaClient = self.make_client("lambda")
        return client

    @property
    def ses(self) -> SESV2Client:
        """SES v2, served by Herald's own simulator."""
        client: SESV2Client = self.make_client("sesv2")
        return client

    @property
    def cognito(self) -> CognitoIdentityProviderClient:
        """Cognito user pools."""
        client: CognitoIdentityProviderClient = self.make_client("cognito-idp")
        return client

    def make_client(self, service: str) -> Any:
        """Return the client of a service, creating it on first use."""
        with self._lock:
            if service not in self._made:
                make: Callable[..., Any] = self._session.client
                self._made[service] = make(service, endpoint_url=self._find_endpoint(service), config=_CONFIG)
            return self._made[service]

    def _find_endpoint(self, service: str) -> str:
        return self._endpoints[SIMULATED.get(service, "aws")]


#: Long timeouts, because the machine may be busy, and because an invocation that times out would be sent again.
_CONFIG = Config(
    connect_timeout=60, read_timeout=900, retries={"total_max_attempts": 3, "mode": "standard"}, proxies={}
)
