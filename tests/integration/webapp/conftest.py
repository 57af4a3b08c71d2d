"""The web app's parts on moto, in this process, with a real issuer on loopback."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from fastapi.testclient import TestClient
from moto import mock_aws

from tests.integration.webapp.issuer import CLIENT, NAME, Issuer
from webapp.app import create_app
from webapp.composition import Parts
from webapp.identity import Verifier
from webapp.ledger import Ledger
from webapp.limiter import Limiter
from webapp.outbox import Outbox
from webapp.publisher import Publisher
from webapp.settings import WebSettings
from webapp.store import Books
from webapp.table import DEFINITION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


class Clock:
    """Epoch milliseconds that only move when a test says so."""

    def __init__(self) -> None:
        self.at = 1_795_248_000_000

    def __call__(self) -> int:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += int(seconds * 1000)


@dataclass(slots=True)
class Cloud:
    """What moto plays: the two tables, the topic, and a queue that hears everything."""

    dynamodb: "DynamoDBClient"
    sns: "SNSClient"
    sqs: "SQSClient"
    topic_arn: str
    queue_url: str

    def heard(self) -> list[dict[str, Any]]:
        """Every notification that the topic delivered, in order."""
        heard: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
                heard.append(json.loads(message["Body"]))
        return heard

    def forget_books(self) -> None:
        """Begin again with an empty table of books."""
        self.dynamodb.delete_table(TableName="herald-books")
        self.dynamodb.create_table(TableName="herald-books", **DEFINITION)  # type: ignore[arg-type]  # plain data by design

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """All items of one kind in the table of books, as DynamoDB writes them."""
        items = self.dynamodb.scan(TableName="herald-books")["Items"]
        return [item for item in items if item["kind"] == {"S": kind}]


@pytest.fixture(scope="session")
def clients() -> "tuple[DynamoDBClient, SNSClient, SQSClient]":
    """Made once: making a client takes longer than most tests."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    return session.client("dynamodb"), session.client("sns"), session.client("sqs")


@pytest.fixture
def cloud(clients: "tuple[DynamoDBClient, SNSClient, SQSClient]") -> Iterator[Cloud]:
    dynamodb, sns, sqs = clients
    with mock_aws():
        dynamodb.create_table(TableName="herald-books", **DEFINITION)  # type: ignore[arg-type]  # plain data by design
        dynamodb.create_table(
            TableName="herald-ledger",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        topic_arn = sns.create_topic(Name="herald-events")["TopicArn"]
        queue_url = sqs.create_queue(QueueName="ears")["QueueUrl"]
        sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:ears")
        yield Cloud(dynamodb, sns, sqs, topic_arn, queue_url)


@pytest.fixture(scope="session")
def shared_issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(shared_issuer: Issuer) -> Issuer:
    shared_issuer.published = ["first"]
    shared_issuer.fetches = 0
    shared_issuer.broken = False
    return shared_issuer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def verifier(issuer: Issuer) -> Verifier:
    return Verifier(NAME, CLIENT, issuer.discovery_url)


@pytest.fixture
def settings(issuer: Issuer) -> WebSettings:
    return WebSettings(
        books_table="herald-books",
        ledger_table="herald-ledger",
        public_url="https://herald.example",
        event_source="urn:herald:webapp",
        oidc_issuer=NAME,
        oidc_discovery_url=issuer.discovery_url,
        oidc_client_id=CLIENT,
    )


@pytest.fixture
def parts(cloud: Cloud, settings: WebSettings, verifier: Verifier, clock: Clock) -> Parts:
    return Parts(
        settings=settings,
        books=Books(cloud.dynamodb, settings.books_table),
        outbox=Outbox(cloud.dynamodb, settings.books_table),
        ledger=Ledger(cloud.dynamodb, settings.ledger_table),
        verifier=verifier,
        limiter=Limiter(10_000),
        clock=clock,
    )


@pytest.fixture
def publisher(cloud: Cloud, parts: Parts, clock: Clock) -> Publisher:
    return Publisher(cloud.sns, cloud.topic_arn, parts.outbox, clock)


@pytest.fixture
def anyone(parts: Parts) -> TestClient:
    """A client without a token."""
    return TestClient(create_app(parts), base_url="https://herald.example", raise_server_exceptions=False)


@pytest.fixture
def ada(parts: Parts, issuer: Issuer) -> TestClient:
    """A client with Ada's token."""
    return client_of(parts, issuer.token())


@pytest.fixture
def bob(parts: Parts, issuer: Issuer) -> TestClient:
    """A client with Bob's token."""
    return client_of(parts, issuer.token(sub="bob-1900", email="bob@example.com", name="Bob"))


def client_of(parts: Parts, token: str) -> TestClient:
    """A client that carries this token."""
    headers = {"Authorization": f"Bearer {token}"}
    return TestClient(
        create_app(parts), base_url="https://herald.example", headers=headers, raise_server_exceptions=False
    )
