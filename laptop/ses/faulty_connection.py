"""A simulator's HTTP server and its connections, which can be reset, left hanging or answered late."""

from __future__ import annotations

import socket
import struct
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from laptop.ses.faults import FaultKind, SendFault

__all__ = ["AFTER_ACCEPTING", "FaultyConnection", "SimulatorServer"]

#: The faults that happen after the mail was accepted.
AFTER_ACCEPTING = (
    FaultKind.ACCEPT_THEN_CLOSE,
    FaultKind.ACCEPT_THEN_KILL,
    FaultKind.ACCEPT_THEN_HANG,
    FaultKind.ANSWER_SLOWLY,
)


class SimulatorServer(ThreadingHTTPServer):
    """The HTTP server of a simulator."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect during an answer; report any other error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class FaultyConnection(BaseHTTPRequestHandler):
    """One keep-alive connection, whose socket can be peeked at, reset, or left without an answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def next_begins_with(self, start: bytes) -> bool:
        """Return whether the next request, not yet read, begins with `start`."""
        try:
            seen: bytes = self.connection.recv(len(start), socket.MSG_PEEK)
        except OSError:
            return False
        return seen == start

    def peek(self) -> str:
        """Return what has arrived of the next request, without reading it; at most 8 KiB."""
        try:
            seen: bytes = self.connection.recv(8192, socket.MSG_PEEK)
        except OSError:
            return ""
        return seen.decode("latin-1")

    def inject_fault(self, fault: SendFault | None) -> bool:
        """Cause a fault after the mail was accepted. Returns True if no answer is to be sent any more."""
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
        """Kill the sending function while its connection is open. Does nothing here; a simulator that can do it
        overrides this.
        """

    def _hang(self) -> None:
        """Send nothing until the client gives up."""
        while self.connection.recv(4096):
            pass

    def reset(self) -> None:
        """Close the connection immediately, with a TCP reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def write(self, status: int, headers: dict[str, str], content: bytes) -> None:
        """Send a response."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Log nothing: the inbox shows what arrived."""
