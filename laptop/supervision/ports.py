"""Reserves the ports of a laptop cloud, so that two clouds never use the same."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Iterable

__all__ = ["HOST", "Ports"]

HOST = "127.0.0.1"

#: Below the range that kernels assign to outgoing connections, which could otherwise take a port before its server
#: starts.
_RANGE = range(20_000, 32_000)


class Ports:
    """Reserves port numbers until closed.

    The lock is a UDP socket on the same number: the kernel gives it to only one laptop cloud, releases it however the
    process ends, and leaves the TCP port free for the process that is about to listen.
    """

    def __init__(self) -> None:
        self._locks: list[socket.socket] = []

    def take(self, preferred: Iterable[int]) -> int:
        """Reserve and return the first free port of the preferred ones, otherwise any free one. Raises `OSError` if
        there is none.
        """
        for port in [*preferred, *random.sample(_RANGE, 50)]:
            lock = socket.socket(type=socket.SOCK_DGRAM)
            try:
                lock.bind((HOST, port))
                taken = int(lock.getsockname()[1])
                _require_free(taken)
            except OSError as problem:
                lock.close()
                if problem.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
            else:
                self._locks.append(lock)
                return taken
        raise OSError(errno.EADDRINUSE, "no free port was found on this machine")

    def close(self) -> None:
        """Release the ports."""
        while self._locks:
            self._locks.pop().close()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
