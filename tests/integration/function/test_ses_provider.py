"""The SES provider with a real botocore client, before servers that break in every way that a server can."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from function.errors import NotificationError, OutcomeUnknown, ProviderUnavailable, RefusedForGood, Throttled
from function.message.email import Email, Receipt
from function.providers import ses
from function.providers.ses import SesProvider, client_config
from tests.fakes import Clock
from tests.waiting import LIMIT

MAIL = Email(
    "ada@example.com",
    "Neu: „Der Zauberberg“ 雪 😀",
    "text ü",
    "<p>html ü</p>",
    {"List-Unsubscribe": "<https://herald.example/u?t=1>"},
)

Request = tuple[str, dict[str, str], bytes]
#: What a server does with one connection: how many requests it read is counted by what it reads.
Behaviour = Callable[["Server", socket.socket], None]


@dataclass
class Server:
    """A tiny SES on a loopback port; each connection meets the same behaviour, in a thread of its own."""

    behave: Behaviour
    context: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    finished: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Server:
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.finished.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    @property
    def url(self) -> str:
        scheme = "https" if self.context else "http"
        return f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        try:
            with self.context.wrap_socket(accepted, server_side=True) if self.context else accepted as connection:
                self.behave(self, connection)
        except OSError:
            return

    def read(self, connection: socket.socket) -> bool:
        """Read one request whole; False when the client has gone."""
        stream = connection.makefile("rb")
        first = stream.readline().decode()
        if not first:
            return False
        headers = {}
        while line := stream.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        self.requests.append((first.strip(), headers, stream.read(int(headers.get("content-length", 0)))))
        return True


def answer_with(status: int, body: str, length: int | None = None) -> Behaviour:
    """Answer every request alike, on one connection for as long as the client wants."""

    def behave(server: Server, connection: socket.socket) -> None:
        count = len(body) if length is None else length
        head = f"HTTP/1.1 {status} Word\r\nContent-Type: application/json\r\nContent-Length: {count}\r\n\r\n"
        while server.read(connection):
            connection.sendall((head + body).encode())
            if length is not None:
                return

    return behave


def refuse_with(status: int, code: str, text: str) -> Behaviour:
    """Answer with an error in the shape of SES v2."""
    return answer_with(status, json.dumps({"__type": code, "message": text}))


ACCEPTING = answer_with(200, '{"MessageId": "0100-abc-000000"}')


def close_before_reading(_: Server, connection: socket.socket) -> None:
    connection.recv(1, socket.MSG_PEEK)
    reset(connection)


def reset(connection: socket.socket) -> None:
    """Have the closing that follows be a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def close_after_reading(server: Server, connection: socket.socket) -> None:
    server.read(connection)


def reset_after_reading(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    reset(connection)


def answer_garbage(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    connection.sendall(b"\x16\x03\x01 this is no HTTP\r\n\r\n")


def never_answer(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    server.finished.wait(LIMIT)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def provider(url: str, clock: Callable[[], float] = lambda: 1000.0, patience: float = LIMIT) -> SesProvider:
    """The provider as it is composed, but for the seconds that it waits for an answer."""
    config = client_config().merge(botocore.config.Config(connect_timeout=LIMIT, read_timeout=patience))
    client: Any = botocore.session.get_session().create_client(
        "sesv2", region_name="eu-west-1", endpoint_url=url, config=config
    )
    return SesProvider("ses://eu-west-1", client, "Herald <books@herald.example>", "herald", clock)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        pytest.param(close_before_reading, OutcomeUnknown, id="closes-before-reading"),
        pytest.param(close_after_reading, OutcomeUnknown, id="reads-then-closes"),
        pytest.param(reset_after_reading, OutcomeUnknown, id="reads-then-resets"),
        pytest.param(answer_garbage, OutcomeUnknown, id="garbage"),
        pytest.param(never_answer, OutcomeUnknown, id="never-answers"),
        pytest.param(answer_with(200, '{"MessageId": "0100-a', 4000), OutcomeUnknown, id="truncated-200"),
        pytest.param(answer_with(200, "not JSON"), OutcomeUnknown, id="200-that-is-no-json"),
        pytest.param(answer_with(200, "{}"), OutcomeUnknown, id="200-without-an-id"),
        pytest.param(answer_with(200, "[]"), OutcomeUnknown, id="200-of-another-shape"),
        pytest.param(answer_with(500, ""), OutcomeUnknown, id="500"),
        pytest.param(refuse_with(503, "ServiceUnavailable", "busy"), OutcomeUnknown, id="503"),
        pytest.param(answer_with(504, "<html>gateway</html>"), OutcomeUnknown, id="504-of-a-proxy"),
        pytest.param(
            refuse_with(429, "TooManyRequestsException", "Maximum sending rate exceeded."), Throttled, id="429"
        ),
        pytest.param(answer_with(429, ""), Throttled, id="429-without-a-word"),
        pytest.param(refuse_with(400, "MessageRejected", "Virus found."), RefusedForGood, id="rejected"),
        pytest.param(answer_with(403, '{"message": "no"}'), ProviderUnavailable, id="403"),
    ],
)
def test_a_broken_answer_is_asked_for_once_and_says_what_is_known(
    behaviour: Behaviour, kind: type[NotificationError]
) -> None:
    with Server(behaviour) as server:
        with pytest.raises(NotificationError) as raised:
            provider(server.url, patience=0.5 if behaviour is never_answer else LIMIT).send(MAIL, "m1")
        assert type(raised.value) is kind, raised.value
        assert server.connections == 1, "botocore must not send the mail again by itself"
        assert len(server.requests) <= 1


def test_nobody_listening_is_certainly_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ProviderUnavailable, match="EndpointConnectionError"):
        provider(f"http://127.0.0.1:{port}").send(MAIL, "m1")


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(today - timedelta(1)).not_valid_after(today + timedelta(1))
    file: Path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_certificate_that_is_not_trusted_is_certainly_not_sent(untrusted: ssl.SSLContext) -> None:
    with Server(ACCEPTING, untrusted) as server:
        with pytest.raises(ProviderUnavailable, match="SSLError"):
            provider(server.url).send(MAIL, "m1")
        assert server.requests == []


def test_what_is_not_valid_for_ses_never_leaves() -> None:
    with Server(ACCEPTING) as server:
        with pytest.raises(ProviderUnavailable, match="ParamValidationError"):
            provider(server.url).send(replace(MAIL, headers={"X-Empty": ""}), "m1")
        assert server.connections == 0


def test_an_accepted_mail_has_the_receipt_of_ses() -> None:
    with Server(ACCEPTING) as server:
        assert provider(server.url).send(MAIL, "m1") == Receipt("ses://eu-west-1", "0100-abc-000000")


def test_the_request_on_the_wire_is_the_whole_mail_with_its_key() -> None:
    with Server(ACCEPTING) as server:
        provider(server.url).send(MAIL, "01234567-0123-0123-0123-0123456789ab")
        ((line, headers, body),) = server.requests
    assert line == "POST /v2/email/outbound-emails HTTP/1.1"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    assert json.loads(body) == {
        "FromEmailAddress": "Herald <books@herald.example>",
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "ConfigurationSetName": "herald",
        "EmailTags": [{"Name": "message_id", "Value": "01234567-0123-0123-0123-0123456789ab"}],
        "Content": {
            "Simple": {
                "Subject": {"Data": "Neu: „Der Zauberberg“ 雪 😀", "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": "text ü", "Charset": "UTF-8"},
                    "Html": {"Data": "<p>html ü</p>", "Charset": "UTF-8"},
                },
                "Headers": [{"Name": "List-Unsubscribe", "Value": "<https://herald.example/u?t=1>"}],
            }
        },
    }


def test_a_long_line_in_any_script_reaches_ses_as_it_is() -> None:
    """SES gets the text, not MIME of ours, so no line is folded and no letter encoded on the way."""
    text = "雪国 и Ада Лавлейс, Zoë, ليلى " * 100
    assert len(text) > 998
    with Server(ACCEPTING) as server:
        provider(server.url).send(replace(MAIL, text=text, html=f"<p>{text}</p>"), "m1")
        ((_, _, body),) = server.requests
    sent = json.loads(body)["Content"]["Simple"]["Body"]
    assert (sent["Text"]["Data"], sent["Html"]["Data"]) == (text, f"<p>{text}</p>")


def test_a_connection_is_used_again_only_while_it_is_warm() -> None:
    clock = Clock(1_000_000)
    with Server(ACCEPTING) as server:
        warm = provider(server.url, lambda: clock() / 1000)
        seen = []
        for seconds in (0, 1, ses._LONGEST_IDLE, ses._LONGEST_IDLE + 0.1, 3600):
            clock.forward(seconds)
            warm.send(MAIL, "m1")
            seen.append(server.connections)
    assert seen == [1, 1, 1, 2, 3]


def test_a_connection_that_died_while_the_sandbox_slept_costs_no_mail_its_clear_answer() -> None:
    def answer_one(server: Server, connection: socket.socket) -> None:
        body = '{"MessageId": "0100"}'
        server.read(connection)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())

    clock = Clock(1_000_000)
    with Server(answer_one) as server:
        sender = provider(server.url, lambda: clock() / 1000)
        for _ in range(3):
            assert sender.send(MAIL, "m1").message_id == "0100"
            clock.forward(60)


def test_a_failure_does_not_spoil_the_next_mail() -> None:
    def fail_first(server: Server, connection: socket.socket) -> None:
        (close_after_reading if server.connections == 1 else ACCEPTING)(server, connection)

    with Server(fail_first) as server:
        sender = provider(server.url)
        with pytest.raises(OutcomeUnknown):
            sender.send(MAIL, "m1")
        assert isinstance(sender.send(MAIL, "m2"), Receipt)
        assert [json.loads(body)["EmailTags"][0]["Value"] for _, _, body in server.requests] == ["m1", "m2"]


def test_a_send_takes_no_longer_than_the_provider_says() -> None:
    config: Any = client_config()
    assert config.connect_timeout + config.read_timeout == SesProvider("", None, "", "").timeout
    assert config.retries == {"total_max_attempts": 1}
