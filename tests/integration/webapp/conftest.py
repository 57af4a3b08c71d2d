"""The web app on moto, in this process, with a real issuer on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import fastapi.routing
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from moto import mock_aws

from fakes.oidc_issuer import CLIENT, NAME, Issuer
from operations.aws_retries import retry_contention
from tests.integration.conftest import moto_backend
from tests.waiting import LIMIT
from webapp import deadline
from webapp.admin.notifier_access import NotifierAccess
from webapp.app import create_app
from webapp.auth.discovery import Discovery
from webapp.auth.identity import OperatorClaim, TokenVerifier
from webapp.auth.issuer import Issuer as OidcIssuer
from webapp.auth.rate_limit import RateLimiter
from webapp.auth.secrets import Secrets
from webapp.aws.table import DEFINITION
from webapp.books.repository import BookRepository
from webapp.composition import Services, build_client_registration, build_notifier_names, build_parameter_names
from webapp.outbox.outbox import Outbox
from webapp.outbox.publisher import Publisher
from webapp.preferences.preferences import Preferences
from webapp.settings import WebSettings
from webapp.timeline.ledger_reader import LedgerReader

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

    Clients = tuple[DynamoDBClient, SNSClient, SQSClient, SSMClient, LambdaClient]


class Clock:
    """Epoch milliseconds that only move when a test says so."""

    def __init__(self) -> None:
        self.at = 1_795_248_000_000

    def __call__(self) -> int:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += int(seconds * 1000)


class Seconds:
    """A monotonic clock that only moves when a test says so."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass(slots=True)
class Cloud:
    """What moto plays: the two tables, the topic, and a queue that hears everything."""

    dynamodb: DynamoDBClient
    sns: SNSClient
    sqs: SQSClient
    ssm: SSMClient
    functions: LambdaClient
    topic_arn: str
    queue_url: str

    def receive(self) -> list[dict[str, Any]]:
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


@pytest.fixture(scope="session", autouse=True)
def routes_are_built_once() -> Iterator[None]:
    """FastAPI builds every route anew for each app, at its first request: two fifths of what these tests would take.

    The apps of different tests share the routes, which find their services in the app of the request.
    """
    build: Any = fastapi.routing._EffectiveRouteContext.from_api_route
    built: dict[int, tuple[Any, Any]] = {}

    def find(original_route: Any, include_context: Any) -> Any:
        if id(original_route) not in built:
            route = build(original_route=original_route, include_context=include_context)
            built[id(original_route)] = (original_route, route)
        return built[id(original_route)][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fastapi.routing._EffectiveRouteContext, "from_api_route", find)
        yield


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No request is too late because the machine is busy; a test of lateness says its own limits."""
    monkeypatch.setattr(deadline, "SECONDS", LIMIT)
    for module in ("discovery", "issuer"):
        monkeypatch.setattr(f"webapp.auth.{module}.TIMEOUT_SECONDS", LIMIT)
    monkeypatch.setattr("webapp.auth.secrets.REREAD_PATIENCE_SECONDS", LIMIT)


@pytest.fixture(scope="session")
def clients() -> Clients:
    """Made once: making a client takes longer than most tests."""
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    return (
        retry_contention(session.client("dynamodb")),
        retry_contention(session.client("sns")),
        retry_contention(session.client("sqs")),
        session.client("ssm"),
        retry_contention(session.client("lambda")),
    )


@pytest.fixture(scope="session")
def watching() -> dict[str, Any]:
    """Clients of what only a look at how things stand asks, made once too."""
    make: Any = boto3.Session("testing", "testing", region_name="us-east-1").client
    return {service: make(service) for service in ("cloudwatch", "logs", "codedeploy")}


@pytest.fixture(scope="session")
def tables(clients: Clients) -> Any:
    """The two tables, empty, as moto keeps them."""
    dynamodb, *_ = clients
    with mock_aws():
        dynamodb.create_table(TableName="herald-books", **DEFINITION)  # type: ignore[arg-type]  # plain data by design
        dynamodb.create_table(
            TableName="herald-ledger",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        return deepcopy(moto_backend("dynamodb").tables)


@pytest.fixture
def cloud(clients: Clients, tables: Any) -> Iterator[Cloud]:
    """What there is lies in moto without a request having made it: a dozen of those take longer than most tests."""
    dynamodb, sns, sqs, ssm, functions = clients
    with mock_aws():
        moto_backend("dynamodb").tables = deepcopy(tables)
        for name in ("ears", "herald-dead", "herald-retry", "herald-feedback"):
            moto_backend("sqs").create_queue(name)
        topic_arn = moto_backend("sns").create_topic("herald-events").arn
        moto_backend("sns").subscribe(topic_arn, "arn:aws:sqs:us-east-1:123456789012:ears", "sqs")
        queue_url = "https://sqs.us-east-1.amazonaws.com/123456789012/ears"
        yield Cloud(dynamodb, sns, sqs, ssm, functions, topic_arn, queue_url)


@pytest.fixture(scope="session")
def shared_issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


@pytest.fixture
def issuer(shared_issuer: Issuer) -> Issuer:
    shared_issuer.reset()
    return shared_issuer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def discovery(issuer: Issuer, seconds: Seconds) -> Discovery:
    return Discovery(NAME, issuer.discovery_url, seconds)


@pytest.fixture
def verifier(discovery: Discovery, seconds: Seconds) -> TokenVerifier:
    return TokenVerifier(discovery, CLIENT, OperatorClaim("cognito:groups", "operators"), seconds)


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
        session_key_parameter="/herald/session-key",
        link_key_parameter="/herald/link-key",
        address_key_parameter="/herald/address-key",
        dead_queue_url="https://sqs.us-east-1.amazonaws.com/123456789012/herald-dead",
        retry_queue_url="https://sqs.us-east-1.amazonaws.com/123456789012/herald-retry",
        feedback_queue_url="https://sqs.us-east-1.amazonaws.com/123456789012/herald-feedback",
        notify_function="herald-notify",
    )


@pytest.fixture
def keys(cloud: Cloud, settings: WebSettings) -> Secrets:
    names = build_parameter_names(settings)
    for name in (names.session, names.link, names.address):
        value = f"a key for tests, not shorter than 32 bytes: {name}".replace(" ", "-")
        moto_backend("ssm").put_parameter(name, "", value, "SecureString", "", "", False, [], "text", None, None)
    return Secrets(cloud.ssm, names)


@pytest.fixture
def services(
    cloud: Cloud,
    settings: WebSettings,
    discovery: Discovery,
    verifier: TokenVerifier,
    keys: Secrets,
    clock: Clock,
    watching: dict[str, Any],
) -> Services:
    return Services(
        settings=settings,
        books=BookRepository(cloud.dynamodb, settings.books_table),
        outbox=Outbox(cloud.dynamodb, settings.books_table),
        ledger=LedgerReader(cloud.dynamodb, settings.ledger_table),
        verifier=verifier,
        issuer=OidcIssuer(discovery, verifier, build_client_registration(settings, keys)),
        secrets=keys,
        preferences=Preferences(cloud.dynamodb, settings.ledger_table),
        limiter=RateLimiter(10_000),
        notifier=NotifierAccess(
            cloud.dynamodb,
            cloud.sqs,
            cloud.functions,
            build_notifier_names(settings),
            keys.address,
            make_client=watching.__getitem__,
        ),
        clock=clock,
    )


@pytest.fixture
def publisher(cloud: Cloud, services: Services, clock: Clock) -> Publisher:
    return Publisher(cloud.sns, cloud.topic_arn, services.outbox, clock)


@pytest.fixture
def anyone(services: Services) -> TestClient:
    """A client without a token."""
    return TestClient(create_app(services), base_url="https://herald.example", raise_server_exceptions=False)


@pytest.fixture
def ada(services: Services, issuer: Issuer) -> TestClient:
    """A client with Ada's token."""
    return client_with(services, issuer.token())


@pytest.fixture
def bob(services: Services, issuer: Issuer) -> TestClient:
    """A client with Bob's token."""
    return client_with(services, issuer.token(sub="bob-1900", email="bob@example.com", name="Bob"))


def client_with(services: Services, token: str) -> TestClient:
    """A client that carries this token."""
    headers = {"Authorization": f"Bearer {token}"}
    return TestClient(
        create_app(services), base_url="https://herald.example", headers=headers, raise_server_exceptions=False
    )


#: What a browser says of a request from a page of the app itself.
HERE = {"Origin": "https://herald.example", "Sec-Fetch-Site": "same-origin"}


class Browser(TestClient):
    """A browser without JavaScript: it keeps cookies, signs in at the issuer, and sends forms with what they hide."""

    def __init__(self, services: Services, issuer: Issuer) -> None:
        super().__init__(
            create_app(services), base_url="https://herald.example", headers=HERE | {"Accept": "text/html"}
        )
        self._issuer = issuer

    def sign_in(self, then: str = "/", **claims: object) -> Response:
        """Go through the issuer's page as Ada, or as whoever these claims are; where the app leads next."""
        self._issuer.claims = claims
        page = self.get("/sign-in", params={"then": then}, follow_redirects=False).headers["location"]
        return self.get("/sign-in/done", params=self._issuer.sign_in(page), follow_redirects=False)

    def csrf(self) -> str:
        """What forms of this session carry; empty for a stranger, whose page has no form."""
        found = re.search(r'name="csrf" value="([^"]*)"', self.get("/").text)
        return found[1] if found else ""

    def submit(self, path: str, *, follow: bool = True, **fields: str) -> Response:
        """Send the form that a page of this session holds."""
        return self.post(path, data={"csrf": self.csrf(), **fields}, follow_redirects=follow)


@pytest.fixture
def stranger(services: Services, issuer: Issuer) -> Browser:
    """A browser that is not signed in."""
    return Browser(services, issuer)


@pytest.fixture
def browser(stranger: Browser) -> Browser:
    """Ada's browser, signed in."""
    stranger.sign_in()
    return stranger
