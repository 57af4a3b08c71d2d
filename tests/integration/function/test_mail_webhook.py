"""What becomes of a mail, posted to somebody else's URL: signed, tried for two days, never twice under two ids."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import random
import socket
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from fakes.clock import Clock
from fakes.in_memory_herald import InMemoryHerald, delivery
from fakes.ledger_stream import StreamedTable
from function.environment import BadSetting
from function.errors import ProviderUnreachable
from function.event.webhook_signing import read_secrets, sign
from function.ledger.mail_event import read_mail_event
from function.mail_webhook import LARGEST_BODY, WAITS, MailWebhookHandler, compose
from function.providers.http_client import HttpClient
from function.providers.public_host import NotPublic, PublicHTTPSConnection
from function.providers.secret import Secret
from function.queues.sqs import Queue
from function.runtime.metrics import Telemetry
from laptop.model_validation import hold_to_model, request_violations
from laptop.state import ROOT
from tests.broken_server import Behaviour, Server, answer_with, close_after_reading, never_answer
from tests.faults.mishaps import Killed
from tests.tls import make_contexts
from tests.waiting import LIMIT

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_" + b64encode(bytes(range(32))).decode()
EVENT = json.dumps({"specversion": "1.0", "id": "5b0c", "source": "urn:herald:mail", "type": "mail.sent"})


def verify(request: tuple[str, dict[str, str], bytes], secret: str, now: int) -> str:
    """The id of a request that `secret` signed in the last five minutes: the specification's own steps.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    _, headers, body = request
    id_, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    assert abs(now - int(timestamp)) <= 300
    signed = f"{id_}.{timestamp}.{body.decode()}".encode()
    digest = hmac.new(b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    wanted = "v1," + b64encode(digest).decode()
    assert wanted in headers["webhook-signature"].split(" ")
    return id_


@dataclass
class Sqs:
    """The queue: for how long each message is hidden, in seconds.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
    """

    hidden: list[int] = field(default_factory=list)

    def change_message_visibility(self, **request: Any) -> dict[str, Any]:
        assert request_violations("sqs", "ChangeMessageVisibility", request) == []
        assert 0 <= request["VisibilityTimeout"] <= 43_200
        self.hidden.append(request["VisibilityTimeout"])
        return hold_to_model("sqs", "ChangeMessageVisibility", {})


@dataclass
class Stage:
    """One sandbox before a receiver, with a clock and a secret that a test moves."""

    url: str
    patience: float = LIMIT
    clock: Clock = field(default_factory=Clock)
    sqs: Sqs = field(default_factory=Sqs)
    log: io.StringIO = field(default_factory=io.StringIO)
    secret: str = OLD
    draw: Callable[[], float] = lambda: 0.5
    stopped: int = 0

    def __post_init__(self) -> None:
        def seconds() -> float:
            return self.clock() / 1000

        self.handler = MailWebhookHandler(
            HttpClient("the webhook's receiver", self.url, self.patience, seconds, PublicHTTPSConnection),
            "/herald?team=1",
            Secret(lambda: self.secret, seconds),
            Queue(self.sqs, "queue"),
            Telemetry("herald-mail-webhook", "r1", self.clock, self.log),
            self.clock,
            self.draw,
            self.stop,
        )

    def stop(self) -> None:
        self.stopped += 1

    def take(self, body: str = EVENT, receives: int = 1) -> bool:
        """Hand over one message as the mapping does; whether it is done with."""
        attributes = {"ApproximateReceiveCount": str(receives)}
        record = {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": attributes}
        return self.handler({"Records": [record]}, None) == {"batchItemFailures": []}

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


def answer_headed(status: int, *headers: str) -> Behaviour:
    def behave(server: Server, connection: socket.socket) -> None:
        head = "".join(f"{header}\r\n" for header in headers)
        while server.read(connection):
            connection.sendall(f"HTTP/1.1 {status} Word\r\n{head}Content-Length: 0\r\n\r\n".encode())

    return behave


def test_the_signature_is_that_of_the_specifications_own_example() -> None:
    (secret,) = read_secrets(OLD)
    headers = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}', [secret])
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("text", ["", " ", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_ä", OLD + " x"])
def test_what_is_no_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match=r"secret") as refused:
        read_secrets(text)
    assert len(text) < 5 or text not in str(refused.value)


def test_a_mail_event_is_posted_as_it_stands_and_its_receiver_can_verify_it(world: InMemoryHerald) -> None:
    table = StreamedTable()
    world.client = table
    world.deliver(delivery())
    (told,) = filter(None, map(read_mail_event, table.stream))
    with Server(answer_with(204, "")) as server:
        stage = Stage(server.url)
        assert stage.take(told.body)
        ((first, headers, body),) = server.requests
        assert verify(server.requests[0], OLD, stage.clock() // 1000) == told.id
    assert first == "POST /herald?team=1 HTTP/1.1"
    assert headers["content-type"] == "application/cloudevents+json"
    assert body == told.body.encode()
    assert b"@" not in body
    assert b"Ada" not in body
    assert [line["WebhookPosted"] for line in stage.lines] == [1]


def test_while_a_secret_is_rotated_both_sign_and_it_is_read_again_within_a_minute() -> None:
    with Server(answer_with(200, "")) as server:
        stage = Stage(server.url)
        stage.take()
        stage.secret = f"{NEW}\n{OLD}"
        stage.clock.forward(61)
        stage.take()
        stage.secret = NEW
        stage.clock.forward(61)
        stage.take()
        now = stage.clock() // 1000
        assert [len(headers["webhook-signature"].split()) for _, headers, _ in server.requests] == [1, 2, 1]
        for number, secret in ((0, OLD), (1, OLD), (1, NEW), (2, NEW)):
            verify(server.requests[number], secret, now)


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 429, 500, 503])
def test_what_is_not_taken_stays_in_the_queue_and_no_redirect_is_followed(status: int) -> None:
    with Server(answer_headed(status, "Location: http://127.0.0.1:1/")) as server:
        stage = Stage(server.url)
        assert not stage.take()
        assert len(server.requests) == 1
    assert stage.sqs.hidden == [WAITS[0]]
    assert [(line["WebhookFailed"], line["detail"]) for line in stage.lines] == [(1, f"answered {status}")]


def test_it_waits_longer_each_time_and_by_chance_a_little_more_or_less() -> None:
    with Server(answer_with(500, "")) as server:
        stage = Stage(server.url, draw=random.Random(3).random)
        for receives in range(1, 12):
            stage.take(receives=receives)
    waits = [*WAITS, WAITS[-1], WAITS[-1]]
    assert all(0.85 * wait <= hidden <= 1.15 * wait + 1 for wait, hidden in zip(waits, stage.sqs.hidden, strict=True))
    assert stage.sqs.hidden[-1] != stage.sqs.hidden[-2]
    assert sum(WAITS) > 47 * 3600
    terraform = (ROOT / "infra" / "modules" / "notifier" / "mail_webhook.tf").read_text("utf-8")
    assert f"mail_webhook_receives = {len(WAITS) + 1}\n" in terraform, "every wait is waited"


@pytest.mark.parametrize(
    ("told", "hidden"),
    [("3600", 3600), ("1", WAITS[0]), ("99999999", 42_300), ("soon", WAITS[0]), ("-5", WAITS[0]), ("", WAITS[0])],
)
def test_retry_after_is_honoured_up_to_what_the_queue_can(told: str, hidden: int) -> None:
    with Server(answer_headed(429, f"Retry-After: {told}")) as server:
        stage = Stage(server.url)
        stage.take()
    assert stage.sqs.hidden == [hidden]


def test_retry_after_may_be_a_date() -> None:
    clock = Clock()
    at = datetime.fromtimestamp(clock() / 1000 + 900, UTC)
    with Server(answer_headed(503, f"Retry-After: {format_datetime(at, usegmt=True)}")) as server:
        stage = Stage(server.url, clock=clock)
        stage.take()
    assert stage.sqs.hidden == [900]


@pytest.mark.parametrize("behaviour", [close_after_reading, never_answer], ids=lambda one: one.__name__)
def test_a_receiver_that_hangs_or_breaks_off_gets_it_again(behaviour: Behaviour) -> None:
    with Server(behaviour) as server:
        stage = Stage(server.url, patience=0.2 if behaviour is never_answer else LIMIT)
        assert not stage.take()
    assert stage.sqs.hidden == [WAITS[0]]


def test_one_that_is_gone_is_told_and_nothing_more_is_posted() -> None:
    with Server(answer_with(410, "")) as server:
        stage = Stage(server.url)
        assert not stage.take()
    assert stage.stopped == 1
    assert stage.sqs.hidden == []
    assert [line["WebhookGone"] for line in stage.lines] == [1]


def test_killed_between_the_post_and_the_delete_it_is_posted_again_under_the_same_id() -> None:
    with Server(answer_with(200, "")) as server:
        stage = Stage(server.url)

        whole, stage.handler = stage.handler, Stage(server.url, log=Dying()).handler
        with pytest.raises(Killed):
            stage.take()
        stage.handler = whole
        assert stage.take(receives=2)
        now = stage.clock() // 1000
        assert [verify(request, OLD, now) for request in server.requests] == ["5b0c", "5b0c"]


class Dying(io.StringIO):
    """A log at whose first line, which tells that the post was taken, the process dies."""

    def write(self, _: str) -> int:
        raise Killed


@pytest.mark.parametrize(
    "body", ["{}", '{"id": 5}', '{"id": "a b"}', "no JSON", json.dumps({"id": "a" * LARGEST_BODY})]
)
def test_what_is_no_mail_event_is_not_posted(body: str) -> None:
    with Server(answer_with(200, "")) as server:
        with pytest.raises((ValueError, AttributeError)):
            Stage(server.url).take(body)
        assert server.requests == []


@pytest.mark.parametrize(
    "address", ["10.0.0.7", "127.0.0.1", "169.254.169.254", "::1", "::ffff:192.168.1.1", "fd00::1"]
)
def test_a_host_without_a_public_address_is_not_connected_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was connected to"))
    with pytest.raises(NotPublic):
        PublicHTTPSConnection("inside.example", 443, 1, ssl.create_default_context()).connect()
    with pytest.raises(ProviderUnreachable, match="NotPublic"):
        HttpClient("it", "https://inside.example", https=PublicHTTPSConnection).post("/", {}, b"")


def test_to_a_public_address_tls_asks_for_the_name_that_was_looked_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serving, trusting_it = make_contexts(tmp_path)
    monkeypatch.setattr("function.providers.public_host._is_public", lambda _: True)
    with Server(answer_with(204, ""), serving) as server:
        port = int(server.url.rpartition(":")[2])
        connection = PublicHTTPSConnection("127.0.0.1", port, LIMIT, trusting_it)
        connection.request("POST", "/herald", b"{}")
        assert connection.getresponse().status == 204
        connection.close()
        found = socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        with pytest.raises(ssl.SSLCertVerificationError):
            PublicHTTPSConnection("hooks.example.com", port, LIMIT, trusting_it).connect()
        assert len(server.requests) == 1


class Clients:
    def __init__(self, secret: str = OLD) -> None:
        self.kept = secret
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def secret(self, _: str) -> str:
        return self.kept

    def sqs(self) -> Any:
        return Sqs()

    def functions(self) -> Any:
        return self

    def list_event_source_mappings(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(("list", asked))
        return {"EventSourceMappings": [{"UUID": "u"}]}

    def update_event_source_mapping(self, **asked: Any) -> None:
        self.asked.append(("update", asked))


SETTINGS = {
    "HERALD_MAIL_WEBHOOK_URL": "https://hooks.example.com/herald",
    "HERALD_MAIL_WEBHOOK_SECRET": "arn:aws:ssm:eu-west-1:111122223333:parameter/hook",
    "HERALD_MAIL_WEBHOOK_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/herald-mail-webhook",
    "AWS_LAMBDA_FUNCTION_NAME": "herald-mail-webhook",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"HERALD_MAIL_WEBHOOK_URL": ""},
        {"HERALD_MAIL_WEBHOOK_URL": "http://hooks.example.com/"},
        {"HERALD_MAIL_WEBHOOK_URL": "http://127.0.0.1.example.com/"},
        {"HERALD_MAIL_WEBHOOK_URL": "https://user:password@hooks.example.com/"},
        {"HERALD_MAIL_WEBHOOK_URL": "https://hooks.example.com/\r\nX: y"},
        {"HERALD_MAIL_WEBHOOK_SECRET": ""},
        {"HERALD_MAIL_WEBHOOK_QUEUE_URL": ""},
    ],
)
def test_settings_that_cannot_be_end_the_start(changes: dict[str, str]) -> None:
    clients: Any = Clients()
    with pytest.raises(BadSetting):
        compose(SETTINGS | changes, clients)


def test_a_secret_that_cannot_sign_ends_the_start() -> None:
    clients: Any = Clients("password")
    with pytest.raises(BadSetting, match="whsec_") as refused:
        compose(SETTINGS, clients)
    assert "password" not in str(refused.value)


def test_to_stop_is_to_turn_off_the_reader_of_its_own_queue() -> None:
    clients: Any = Clients()
    compose(SETTINGS, clients).stop()
    assert clients.asked == [
        ("list", {"FunctionName": "herald-mail-webhook"}),
        ("update", {"UUID": "u", "Enabled": False}),
    ]
