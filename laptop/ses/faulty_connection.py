"""A simulator's HTTP server and its connections, which reset, hang or answer late on command."""

from __future__ import annotations

import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from laptop.ses.faults import FaultKind, SendFault

__all__ = ["AFTER", "FaultyConnection", "SimulatorServer"]

#: The faults that happen after the mail was accepted.
AFTER = (FaultKind.ACCEPT_THEN_CLOSE, FaultKind.ACCEPT_THEN_KILL, FaultKind.ACCEPT_THEN_HANG, FaultKind.ANSWER_SLOWLY)


class SimulatorServer(ThreadingHTTPServer):
    """Listens for the requests to a simulator."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in mid-answer is no error of ours; anything else is."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class FaultyConnection(BaseHTTPRequestHandler):
    """One connection, kept alive for any number of requests, whose socket can be peeked at, reset or left silent."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def next_begins_with(self, start: bytes) -> bool:
        """Whether the next request, not yet read, begins so."""
        try:
            seen: bytes = self.connection.recv(len(start), socket.MSG_PEEK)
        except OSError:
            return False
        return seen == start

    def peek(self) -> str:
        """What has come of the next request, not yet read."""
        try:
            seen: bytes = self.connection.recv(8192, socket.MSG_PEEK)
        except OSError:
            return ""
        return seen.decode("latin-1")

    def spoil(self, fault: SendFault | None) -> bool:
        """Cause a fault after the mail was accepted; return whether there is no answer to send any more."""
        if fault is None:
            return False
        if fault.fault is FaultKind.ANSWER_SLOWLY:
            time.sleep(fault.seconds)
            return False
        if fault.fault is FaultKind.ACCEPT_THEN_KILL:
            self.kill(fault.function)
        if fault.fault is FaultKind.ACCEPT_THEN_HANG:
            self._hang()
        self.reset()
        return True

    def kill(self, function: str) -> None:
        """End the sender, whose connection is still open; for a simulator that can."""

    def _hang(self) -> None:
        """Say nothing until the client gives up."""
        while self.connection.recv(4096):
            pass

    def reset(self) -> None:
        """Close at once, with a TCP reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def write(self, status: int, headers: dict[str, str], content: bytes) -> None:
        """Answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Keep quiet: the inbox shows what arrived."""
