"""The programs of docs/publishing.md that have to be compiled: built and run as they stand there, each causes one mail.

Go's is built against the SDK itself and speaks to an SNS of the test's own; Java's posts to the real `events-api`.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import ssl
import subprocess
import threading
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.in_memory_herald import InMemoryHerald, delivery
from laptop.providers.certificate import make_certificate
from laptop.state import ROOT
from package.notifications.catalogue import compile_catalogue
from tests.events_api_gateway import EventsApiGateway
from tests.skip_or_fail import skip_or_fail
from tests.snippets import snippet
from tests.waiting import LIMIT

pytestmark = pytest.mark.slow

#: Where Debian puts the sources of Go packages.
_GO_PATH = Path("/usr/share/gocode")
_SDK = _GO_PATH / "src" / "github.com" / "aws" / "aws-sdk-go-v2" / "service" / "sns"
_SNS = "sns.eu-west-1.amazonaws.com"
_TOPIC = "arn:aws:sns:eu-west-1:000000000000:herald-events"
_CLIENT = ("shop", "a secret: with a colon")


@pytest.fixture
def gateway(tmp_path: Path) -> EventsApiGateway:
    """`events-api` and `notify`, with the clock of the machine, which the programs tell the time by."""
    world = InMemoryHerald(MemoryTable("herald-ledger"), compile_catalogue(tmp_path / "compiled"))
    world.clock.now = int(time.time() * 1000)
    return EventsApiGateway(world)


# -- Java ------------------------------------------------------------------------------------------------------------


def test_the_java_program_posts_with_a_token_and_is_one_mail(gateway: EventsApiGateway, tmp_path: Path) -> None:
    if shutil.which("javac") is None:
        skip_or_fail("no javac, so nobody compiled the Java program of docs/publishing.md")
    (tmp_path / "Publish.java").write_text(snippet("java", "Java"), "utf-8")
    _run(["javac", "-Xlint:all", "-Werror", "Publish.java"], tmp_path, {})
    with _serve(_Api) as server:
        server.gateway = gateway
        server.given = server.token = uuid.uuid4().hex
        url = f"http://127.0.0.1:{server.server_address[1]}"
        told = {"EVENTS_URL": f"{url}/events", "EVENTS_TOKEN_URL": f"{url}/oauth2/token"}
        told |= {"EVENTS_CLIENT_ID": _CLIENT[0], "EVENTS_CLIENT_SECRET": _CLIENT[1]}
        settings = {f"HERALD_{name}": value for name, value in told.items()}
        program = ["java", "-XX:TieredStopAtLevel=1", "-cp", str(tmp_path), "Publish", "ada@example.com", "4711"]
        answers = [json.loads(_run(program, tmp_path, settings)) for _ in range(2)]
        assert [answer["id"] for answer in answers] == ["book-4711-created"] * 2
        server.token = "another"
        assert "answered 401" in _run(program, tmp_path, settings, fails=True)
    gateway.deliver()
    _require_one_mail(gateway.world)


# -- Go --------------------------------------------------------------------------------------------------------------


def test_the_go_program_is_built_with_the_sdk_and_is_one_mail(gateway: EventsApiGateway, tmp_path: Path) -> None:
    if shutil.which("go") is None or not _SDK.is_dir():
        skip_or_fail(f"no go, or nothing in {_SDK}, so nobody compiled the Go program of docs/publishing.md")
    (tmp_path / "publish.go").write_text(snippet("go", "Go"), "utf-8")
    cache = {"GOCACHE": str(ROOT / "build" / "go"), "GOPATH": str(_GO_PATH), "GO111MODULE": "off"}
    _run(["go", "build", "-o", "publish", "publish.go"], tmp_path, cache)
    authority = make_certificate(tmp_path / "sns.pem", _SNS)
    with _serve(_Sns) as server:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(authority)
        settings = {
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_REGION": "eu-west-1",
            "AWS_CA_BUNDLE": str(authority),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "HTTPS_PROXY": f"http://127.0.0.1:{server.server_address[1]}",
            "HERALD_EVENTS_TOPIC_ARN": _TOPIC,
        }
        for _ in range(2):
            assert _run(["./publish", "ada@example.com", "4711"], tmp_path, settings) == "told\n"
    for number, form in enumerate(server.forms):
        gateway.world.deliver(delivery(f"m{number}", form.pop("Message")))
        assert form == {
            "Action": "Publish",
            "Version": "2010-03-31",
            "TopicArn": _TOPIC,
            "MessageAttributes.entry.1.Name": "type",
            "MessageAttributes.entry.1.Value.DataType": "String",
            "MessageAttributes.entry.1.Value.StringValue": "book.created",
        }
    assert len(server.forms) == 2
    _require_one_mail(gateway.world)


def _require_one_mail(world: InMemoryHerald) -> None:
    [(_, email)] = world.post.taken
    assert (world.mails, world.dead.letters) == (1, [])
    assert "Momo" in email.subject
    assert "https://shop.example/books/4711" in email.text


def _run(command: list[str], folder: Path, settings: dict[str, str], fails: bool = False) -> str:
    """What a program said: of one that fails, where it says what is wrong."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        command, cwd=folder, env=plain | settings, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert bool(done.returncode) == fails, done.stderr
    return done.stderr if fails else done.stdout


# -- what they speak to ----------------------------------------------------------------------------------------------


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    gateway: EventsApiGateway
    given: str
    token: str
    context: ssl.SSLContext
    forms: list[dict[str, str]]


@contextmanager
def _serve(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[_Server]:
    with _Server(("127.0.0.1", 0), handler) as server:
        server.forms = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int, body: str, media_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Quietly."""


class _Api(_Handler):
    """Cognito's token endpoint, and API Gateway's authorizer before `events-api`.

    https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
    """

    def do_POST(self) -> None:
        body, given = self._body(), self.headers["Authorization"]
        if self.path == "/oauth2/token":
            asked = parse_qs(body.decode())
            client = "Basic " + b64encode(":".join(_CLIENT).encode()).decode()
            assert (given, self.headers["Content-Type"]) == (client, "application/x-www-form-urlencoded")
            assert asked == {"grant_type": ["client_credentials"], "scope": ["herald/book.created"]}
            token = {"access_token": self.server.given, "expires_in": 3600, "token_type": "Bearer"}
            self._answer(200, json.dumps(token))
        elif given != f"Bearer {self.server.token}":
            self._answer(401, '{"message": "Unauthorized"}')
        else:
            status, answer = self.server.gateway.post(body, self.headers["Content-Type"], scope="herald/book.created")
            self._answer(status, json.dumps(answer))


class _Sns(_Handler):
    """SNS behind a proxy, which is how a program that knows one address of it finds another.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """

    def do_CONNECT(self) -> None:
        assert self.path == f"{_SNS}:443"
        self.send_response(200)
        self.end_headers()
        self.request = self.server.context.wrap_socket(self.connection, server_side=True)
        self.setup()

    def do_POST(self) -> None:
        self.server.forms.append({name: value for name, [value] in parse_qs(self._body().decode()).items()})
        result = "<PublishResult><MessageId>told</MessageId></PublishResult>"
        space = "http://sns.amazonaws.com/doc/2010-03-31/"
        self._answer(200, f'<PublishResponse xmlns="{space}">{result}</PublishResponse>', "text/xml")
