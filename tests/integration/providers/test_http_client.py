"""One HTTP request to a provider, before servers that break in every way that a server can."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from fakes.clock import Clock
from function.errors import NotificationError, OutcomeUnknown, ProviderUnavailable, ProviderUnreachable
from function.providers.http_client import HttpClient
from laptop.providers.certificate import make_tls_context
from tests.broken_server import (
    Behaviour,
    Server,
    answer_garbage,
    answer_with,
    close_after_reading,
    close_before_reading,
    never_answer,
    reset_after_reading,
)
from tests.waiting import LIMIT, eventually

LARGE = b"x" * 50_000_000


def client(server: Server, patience: float = LIMIT, clock: Clock | None = None) -> HttpClient:
    ticks = clock or Clock()
    return HttpClient("Provider", server.url, patience, lambda: ticks() / 1000)


@pytest.mark.parametrize(
    "behaviour",
    [close_after_reading, reset_after_reading, answer_garbage, never_answer],
    ids=lambda behaviour: behaviour.__name__,
)
def test_a_request_that_left_without_a_clear_answer_is_unknown_and_made_once(behaviour: Behaviour) -> None:
    with Server(behaviour) as server:
        with pytest.raises(OutcomeUnknown):
            client(server, 0.5 if behaviour is never_answer else LIMIT).post("/mail", {}, b"{}")
        assert server.connections == 1
        assert len(server.requests) <= 1


def test_a_request_that_nobody_read_is_not_sent_or_unknown_and_made_once() -> None:
    """Which of the two depends on how much had left when the reset came; both are true."""
    with Server(close_before_reading) as server:
        with pytest.raises((OutcomeUnknown, ProviderUnavailable)):
            client(server).post("/mail", {}, b"{}")
        assert (server.connections, server.requests) == (1, [])


def test_a_request_that_did_not_go_out_whole_was_not_sent() -> None:
    """The server resets while most of the body is still here: it cannot have taken the mail."""
    with Server(close_before_reading) as server:
        with pytest.raises(ProviderUnavailable) as raised:
            client(server).post("/mail", {}, LARGE)
        assert type(raised.value) is ProviderUnavailable
        assert server.requests == []


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(ProviderUnreachable):
        HttpClient("Provider", f"http://127.0.0.1:{port}").post("/mail", {}, b"{}")


def test_a_name_that_there_is_not_is_unreachable() -> None:
    with pytest.raises(ProviderUnreachable):
        HttpClient("Provider", "https://no.such.host.invalid").post("/mail", {}, b"{}")


def test_a_certificate_that_is_not_trusted_is_unreachable_and_gets_no_key(tmp_path: Path) -> None:
    with Server(answer_with(200, "{}"), make_tls_context(tmp_path)) as server:
        with pytest.raises(ProviderUnreachable, match="SSLCertVerificationError"):
            client(server).post("/mail", {"Authorization": "Bearer secret"}, b"{}")
        assert server.requests == []


def test_a_key_that_is_no_header_never_leaves() -> None:
    with Server(answer_with(200, "{}")) as server:
        with pytest.raises(ProviderUnavailable) as raised:
            client(server).post("/mail", {"Authorization": "Bearer two\nlines"}, b"{}")
        assert "two" not in str(raised.value)
        assert server.requests == []


def test_a_failure_does_not_spoil_the_next_request() -> None:
    def fail_first(server: Server, connection: socket.socket) -> None:
        (close_after_reading if server.connections == 1 else answer_with(200, "{}"))(server, connection)

    with Server(fail_first) as server:
        made = client(server)
        with pytest.raises(NotificationError):
            made.post("/mail", {}, b"1")
        assert made.post("/mail", {}, b"2").status == 200
        assert [body for _, _, body in server.requests] == [b"1", b"2"]


def test_a_connection_is_used_again_only_while_it_is_warm() -> None:
    clock, seen = Clock(), []
    with Server(answer_with(200, "{}")) as server:
        made = client(server, clock=clock)
        for seconds in (0, 1, 3, 3.1, 3600):
            clock.forward(seconds)
            made.post("/mail", {}, b"{}")
            seen.append(server.connections)
    assert seen == [1, 1, 1, 2, 3]


def test_a_connection_that_the_other_end_closed_costs_no_mail_its_clear_answer() -> None:
    def answer_one(server: Server, connection: socket.socket) -> None:
        server.read(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        connection.shutdown(socket.SHUT_RDWR)
        closed.append(True)

    closed: list[bool] = []
    with Server(answer_one) as server:
        made = client(server)
        for count in range(3):
            assert made.post("/mail", {}, b"{}").json() == {}
            eventually(lambda: len(closed), count.__lt__, 0.01)
        assert server.connections == 3


def test_an_answer_that_is_cut_short_has_its_status_and_no_content() -> None:
    with Server(answer_with(200, '{"id": "4', 4000)) as server:
        answer = client(server).post("/mail", {}, b"{}")
    assert (answer.status, answer.json()) == (200, {})
