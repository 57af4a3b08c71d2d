"""Concurrent clients on open connections, each of which repeats its request as soon as it is answered.

They are cheap, so that the app's own time dominates.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

__all__ = ["Round", "ask", "post"]


@dataclass(slots=True)
class Round:
    """The result of one round: the time of each 201 answer in seconds, and the number of other answers."""

    seconds: float
    took: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def per_second(self) -> float:
        return len(self.took) / self.seconds

    def percentile(self, share: float) -> float:
        """Return a percentile of the answer times, in milliseconds."""
        ordered = sorted(self.took)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def ask(port: int, request: bytes, crowd: int, seconds: float) -> Round:
    """Let `crowd` clients send the request for `seconds`."""
    return asyncio.run(_ask(port, request, crowd, seconds))


async def _ask(port: int, request: bytes, crowd: int, seconds: float) -> Round:
    seen = Round(seconds)
    end = time.perf_counter() + seconds
    await asyncio.gather(*(_send_until(port, request, end, seen) for _ in range(crowd)))
    return seen


async def _send_until(port: int, request: bytes, end: float, seen: Round) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (began := time.perf_counter()) < end:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        await reader.readexactly(length)
        if head.startswith(b"HTTP/1.1 201"):
            seen.took.append(time.perf_counter() - began)
        else:
            seen.failed += 1
        if b"connection: close" in head.lower():
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


def post(port: int, body: bytes, **headers: str) -> bytes:
    """Return the bytes of a request that posts a book."""
    lines = {
        "Host": f"127.0.0.1:{port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    } | headers
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST /v1/books HTTP/1.1\r\n{head}\r\n".encode() + body
