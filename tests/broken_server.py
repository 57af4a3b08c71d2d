"""A tiny HTTP server on loopback that breaks in every way that a server can."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.waiting import LIMIT

__all__ = [
    "Behaviour",
    "Server",
    "answer_garbage",
    "answer_with",
    "close_after_reading",
    "close_before_reading",
    "never_answer",
    "reset_after_reading",
]

ReceivedRequest = tuple[str, dict[str, str], bytes]
#: What a server does with one connection: how many requests it read is counted by what it reads.
Behaviour = Callable[["Server", socket.socket], None]


@dataclass
class Server:
    """A tiny SES on a loopback port; each connection meets the same behaviour, in a thread of its own."""

    behave: Behaviour
    context: ssl.SSLContext | None = None
    requests: list[ReceivedRequest] = field(default_factory=list)
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
