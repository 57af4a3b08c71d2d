"""Which ports one laptop cloud takes, so that it never meets another."""

from __future__ import annotations

import errno
import random
import socket
from collections.abc import Iterable

__all__ = ["HOST", "Ports"]

HOST = "127.0.0.1"

#: Below what kernels give to outgoing connections, one of which could else have the port before its server begins.
_RANGE = range(20_000, 32_000)


class Ports:
    """Takes port numbers and keeps them until closed.

    The lock is a UDP socket on the same number: the kernel lets only one laptop cloud have it, drops it however we
    die, and leaves the TCP side free for the process that is about to listen.
    """

    def __init__(self) -> None:
        self._locks: list[socket.socket] = []

    def take(self, preferred: Iterable[int]) -> int:
        """Return the first of the preferred ports that is free, or else any free one."""
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
        """Give the ports back."""
        while self._locks:
            self._locks.pop().close()


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
