"""What the tests of losses share: a reader of their own, and hands on what lies between the commit and the ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fakes.faulty_proxy import FaultyProxy, run_proxy
from laptop.cloud import LaptopCloud
from laptop.environment import KEPT, build_client_settings
from laptop.state import ROOT
from laptop.supervision.ports import Ports
from tests.stack.conftest import Herald
from tests.stack.events import new_address
from tests.waiting import LIMIT, eventually

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

PASSWORD = "Correct-Horse-1815"
BOOK = {"title": "The Dispossessed", "author": "Ursula K. Le Guin"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody with an account of his own, so that his mails can be counted."""

    herald: Herald
    address: str
    token: str

    def client(self, url: str | None = None) -> httpx.Client:
        """The API, as this reader uses it."""
        base_url = url or self.herald.names.endpoints["web"]
        return httpx.Client(
            base_url=base_url, headers={"Authorization": f"Bearer {self.token}"}, trust_env=False, timeout=LIMIT
        )

    def add_book(self, **changes: object) -> dict[str, Any]:
        with self.client() as web:
            created: dict[str, Any] = web.post("/v1/books", json=BOOK | changes).raise_for_status().json()
        return created

    def state_of(self, book: Mapping[str, Any]) -> str:
        """What became of the mail about a book."""
        with self.client() as web:
            told = web.get(book["links"]["notifications"]).raise_for_status().json()
        return str(told["notifications"][0]["state"])

    def wait_for(self, book: Mapping[str, Any], *states: str) -> None:
        eventually(lambda: self.state_of(book), lambda state: state in states)


def tokens_of(
    cloud: LaptopCloud, address: str, *, pool: str = "", client: str = "", **attributes: str
) -> dict[str, str]:
    """The tokens of a new account; its address is verified and pool and client are Herald's unless told otherwise."""
    described = cloud.descriptor.sign_in
    pool, client = pool or described["issuer"].rpartition("/")[2], client or described["client_id"]
    told: list[AttributeTypeTypeDef] = [
        {"Name": name, "Value": value}
        for name, value in {"email": address, "email_verified": "true", **attributes}.items()
    ]
    cognito = cloud.clients.cognito
    with suppress(cognito.exceptions.UsernameExistsException):  # a first try whose answer was lost: nobody else has it
        cognito.admin_create_user(UserPoolId=pool, Username=address, UserAttributes=told, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=address, Password=PASSWORD, Permanent=True)
    signed_in = cognito.initiate_auth(
        ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": address, "PASSWORD": PASSWORD}
    )
    tokens = signed_in["AuthenticationResult"]
    return {"id": tokens["IdToken"], "access": tokens["AccessToken"]}


@pytest.fixture
def reader(herald: Herald, cloud: LaptopCloud) -> Reader:
    address = new_address()
    return Reader(herald, address, tokens_of(cloud, address)["id"])


@pytest.fixture
def published(herald: Herald, cloud: LaptopCloud) -> Iterator[Callable[[str], int]]:
    """How often an event was published: an ear on the topic counts."""
    sns, sqs, topic = cloud.clients.sns, cloud.clients.sqs, herald.names.topics["events"]
    queue = sqs.create_queue(QueueName="herald-ear")["QueueUrl"]
    ear = f"arn:aws:sqs:us-east-1:{topic.split(':')[4]}:herald-ear"
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=ear)["SubscriptionArn"]
    heard: list[str] = []

    def count(event_id: str) -> int:
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                heard.append(json.loads(json.loads(message["Body"])["Message"])["id"])
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return heard.count(event_id)

    yield count
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=queue)


@pytest.fixture(scope="package")
def way_to_sns(cloud: LaptopCloud) -> Iterator[FaultyProxy]:
    """The proxy between the web app's functions and SNS.

    It stands until the end: ministack's warm workers keep a setting that was taken away.
    """
    with run_proxy(cloud.descriptor.endpoints["aws"]) as way:
        for name in ("herald-relay", "herald-sweeper"):
            change(cloud, name, AWS_ENDPOINT_URL_SNS=way.url)
        yield way


def environment(herald: Herald, endpoint: str, **more: str) -> dict[str, str]:
    """The whole environment of a process of the web app that reaches AWS by this endpoint."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    endpoints = build_client_settings(herald.names.endpoints) | {"AWS_ENDPOINT_URL": endpoint}
    settings = herald.names.herald_settings() | {"HERALD_EVENT_SOURCE": "urn:herald:webapp"}
    return {**kept, **endpoints, **settings, "PYTHONPATH": str(ROOT), **more}


@contextmanager
def web_process(herald: Herald, endpoint: str, **settings: str) -> Iterator[tuple[str, int]]:
    """A web app of its own beside the laptop's, with other `settings` if need be; its URL and process id."""
    ports = Ports()
    port = ports.take([])
    command = [sys.executable, "-m", "uvicorn", "--factory", "webapp.app:create_app", "--port", str(port)]
    with subprocess.Popen(command, env=environment(herald, endpoint) | settings, stdout=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            eventually(lambda: _is_alive(url), bool)
            yield url, server.pid
        finally:
            server.kill()
            ports.close()


def _is_alive(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", trust_env=False, timeout=LIMIT).is_success
    except httpx.TransportError:
        return False


@contextmanager
def stream_gone(cloud: LaptopCloud) -> Iterator[None]:
    """Nothing comes out of the stream as long as the block lasts."""
    functions = cloud.clients.functions
    [mapping] = functions.list_event_source_mappings(FunctionName="herald-relay")["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def change(cloud: LaptopCloud, name: str, **settings: str) -> dict[str, str]:
    """Give a function other settings; those from before."""
    functions = cloud.clients.functions
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": before | settings})
    return before
