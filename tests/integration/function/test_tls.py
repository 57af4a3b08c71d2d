"""TLS: who is trusted, and that the bundle is read once for all clients and connections."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3.util.connection
from botocore.exceptions import BotoCoreError, CredentialRetrievalError

from function.bootstrap import Clients
from function.errors import ProviderUnavailable
from function.message.email import Email
from function.providers.ses.client import SesProvider, build_client_config
from laptop.providers.certificate import make_certificate

MAIL = Email("ada@example.com", "Subject", "text", "<p>html</p>")


class Accepting(http.server.BaseHTTPRequestHandler):
    """An SES that takes every mail, and a DynamoDB that knows no item."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"{}" if "X-Amz-Target" in self.headers else b'{"MessageId": "taken"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quietly."""


@contextmanager
def serve(path: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Accepting) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bundle that the clients are told to trust."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    path = make_certificate(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    return path


def provider(clients: Clients, clock: list[float]) -> SesProvider:
    client = clients.ses("eu-west-1", build_client_config())
    return SesProvider("ses://eu-west-1", client, "books@example.com", "set", clock=lambda: clock[0])


def test_the_bundle_is_read_once_for_all_clients_and_connections(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(bundle) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        clients, now = Clients(), [100.0]
        ses, table = provider(clients, now), clients.dynamodb()
        assert ses.send(MAIL, "1").message_id == "taken"
        bundle.write_text("no certificate is in here any more")
        now[0] += 60  # the connection has idled too long, so another one is made
        assert ses.send(MAIL, "2").message_id == "taken"
        assert "Item" not in table.get_item(TableName="t", Key={"pk": {"S": "x"}})
        fresh = Clients().dynamodb()
        with pytest.raises(BotoCoreError, match="SSL"):
            fresh.get_item(TableName="t", Key={"pk": {"S": "x"}})


def test_who_is_not_in_the_bundle_gets_no_mail(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clients, now = Clients(), [100.0]
    with serve(bundle) as known:
        monkeypatch.setenv("AWS_ENDPOINT_URL", known)
        assert provider(clients, now).send(MAIL, "1").message_id == "taken"
    with serve(make_certificate(tmp_path)) as stranger:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stranger)
        with pytest.raises(ProviderUnavailable, match="not reached"):
            provider(clients, now).send(MAIL, "2")


def test_a_connection_serves_many_requests_and_is_kept_alive(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system probes what idles, and closes what died while the sandbox slept."""
    kept_alive: list[bool] = []
    connect = urllib3.util.connection.create_connection

    def note(*given: Any, **named: Any) -> socket.socket:
        opened = connect(*given, **named)
        kept_alive.append(bool(opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)))
        return opened

    monkeypatch.setattr(urllib3.util.connection, "create_connection", note)
    with serve(bundle) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        clients = Clients()
        ses, table = provider(clients, [100.0]), clients.dynamodb()
        for number in range(5):
            ses.send(MAIL, str(number))
            table.get_item(TableName="t", Key={"pk": {"S": "x"}})
    assert kept_alive == [True, True], "one connection for each service"


@contextmanager
def break_off(answer: bytes) -> Iterator[str]:
    """A server that reads what a client says first, answers with that, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    accepted, _ = server.accept()
                except OSError:
                    return
                with accepted:
                    accepted.recv(4096)
                    accepted.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x15\x03\x03\x00\x02\x02\x28"])
@pytest.mark.usefixtures("bundle")
def test_a_handshake_that_fails_in_any_way_sent_nothing(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with break_off(answer) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(ProviderUnavailable, match="not reached"):
            provider(Clients(), [100.0]).send(MAIL, "1")


def test_credentials_that_cannot_be_refreshed_sent_nothing(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise CredentialRetrievalError(provider="container-role", error_msg="refused")

    with serve(bundle) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        ses = provider(Clients(), [100.0])
        ses.client.meta.events.register("request-created.sesv2.SendEmail", refuse)
        with pytest.raises(ProviderUnavailable, match="not reached: CredentialRetrievalError"):
            ses.send(MAIL, "1")
