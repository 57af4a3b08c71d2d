"""One simulated SES account on the wire, a real botocore client before it, and a recorder where SNS would be."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from starlette.testclient import TestClient

from laptop.inbox.app import make_inbox
from laptop.ses.api import Ses
from laptop.ses.http_server import SesServer
from tests.waiting import LIMIT

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

TOPIC = "arn:aws:sns:us-east-1:000000000000:feedback"
SENDER = "Herald <books@herald.example>"


@dataclass
class Recorder:
    """Stands where SNS would be and keeps what was published; for feedback, time passes only when it is told to."""

    published: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    now: float = 0.0
    due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call when so much time has passed."""
        self.due.append((self.now + seconds, call))

    def forward(self, seconds: float) -> None:
        """Let time pass, and what is due happen in its order."""
        self.now += seconds
        ready = sorted((one for one in self.due if one[0] <= self.now), key=itemgetter(0))
        self.due = [one for one in self.due if one[0] > self.now]
        for _, call in ready:
            call()

    def publish(self, topic: str, body: str) -> None:
        self.published.append((topic, json.loads(body)))

    def events(self, count: int) -> list[dict[str, Any]]:
        """The first `count` events of all that ever come."""
        types = self.types()
        assert len(types) >= count, types
        return [event for _, event in self.published[:count]]

    def types(self, within: float = 3600) -> list[str]:
        """The types of all events, once so many seconds have passed."""
        self.forward(within)
        return [event["eventType"] for _, event in self.published]


@dataclass
class Now:
    """A clock that stands still until it is moved."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def ses(recorder: Recorder, now: Now) -> Ses:
    account = Ses(recorder.publish, scale=1.0, clock=now, after=recorder.after)
    account.limits.per_second = 1000
    return account


class _Beyond(BaseHTTPRequestHandler):
    """Stands where ministack would be: answers every call with what was asked."""

    def do_GET(self) -> None:
        body = json.dumps({"ContactLists": [{"ContactListName": self.path.replace("/", "-").strip("-")}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        server: Any = self.server
        server.posted.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Keep quiet."""


def serve(server: ThreadingHTTPServer) -> str:
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def posted() -> list[str]:
    """The paths that were posted to where ministack would be."""
    return []


@pytest.fixture
def endpoint(ses: Ses, posted: list[str]) -> Iterator[str]:
    beyond: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Beyond)
    beyond.posted = posted
    wire = SesServer(("127.0.0.1", 0), ses, serve(beyond))
    yield serve(wire)
    for server in (wire, beyond):
        server.shutdown()
        server.server_close()


@pytest.fixture
def client(endpoint: str) -> SESV2Client:
    return make_client(endpoint)


def make_client(endpoint: str, read_timeout: float = LIMIT, region: str = "us-east-1") -> SESV2Client:
    """A client that never repeats a call by itself."""
    config = Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout, connect_timeout=LIMIT)
    return boto3.client(
        "sesv2",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="laptop",
        aws_secret_access_key="laptop",
        config=config,
    )


@pytest.fixture
def account(client: SESV2Client) -> SESV2Client:
    """The client, once the identity, the configuration set and its event destination exist."""
    set_up(client, TOPIC)
    return client


def set_up(client: SESV2Client, topic: str) -> None:
    """Make identity, configuration set and event destination in the client's region."""
    client.create_email_identity(EmailIdentity="herald.example")
    client.create_configuration_set(ConfigurationSetName="herald")
    client.create_configuration_set_event_destination(
        ConfigurationSetName="herald",
        EventDestinationName="feedback",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": [
                "SEND",
                "DELIVERY",
                "BOUNCE",
                "COMPLAINT",
                "REJECT",
                "DELIVERY_DELAY",
                "RENDERING_FAILURE",
            ],
            "SnsDestination": {"TopicArn": topic},
        },
    )


@pytest.fixture
def web(ses: Ses) -> TestClient:
    return TestClient(make_inbox(ses), base_url="http://127.0.0.1")


def send(client: SESV2Client, to: str = "ada@example.com", **more: Any) -> str:
    """Send one mail the way `notify` does, and return its MessageId."""
    request: dict[str, Any] = {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": [to]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "A book"},
                "Body": {"Text": {"Data": "A book is here."}, "Html": {"Data": "<p>A book is here.</p>"}},
            }
        },
        "ConfigurationSetName": "herald",
        "EmailTags": [{"Name": "message_id", "Value": "m-1"}],
        **more,
    }
    return client.send_email(**request)["MessageId"]
