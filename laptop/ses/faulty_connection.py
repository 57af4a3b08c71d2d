"""A simulator's HTTP server and its connections, which can be reset, left hanging or answered late."""

from __future__ import annotations

import socket
import struct
import time

from laptop.http_server import SimulatorConnection
from laptop.ses.faults import FaultKind, SendFault

__all__ = ["AFTER_ACCEPTING", "FaultyConnection"]

#: The faults that happen after the mail was accepted.
AFTER_ACCEPTING = (
    FaultKind.ACCEPT_THEN_CLOSE,
    FaultKind.ACCEPT_THEN_KILL,
    FaultKind.ACCEPT_THEN_HANG,
    FaultKind.ANSWER_SLOWLY,
)


class FaultyConnection(SimulatorConnection):
    """One keep-alive connection, whose socket can be peeked at, reset, or left without an answer."""

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
