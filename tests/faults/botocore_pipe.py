"""The killed process's side: real botocore clients whose bytes go through a pipe, and a clock that the world sets.

Everything above the HTTP request is botocore's own: serialization, parsing, errors, and its repeating of requests.
"""

from __future__ import annotations

import datetime
import io
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import ReadTimeoutError

__all__ = ["LOST", "BotocorePipe", "ProcessClock"]

#: The answer that never comes.
LOST = None


class _Content(io.BytesIO):
    """A body as urllib3 streams it."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self.read()


class BotocorePipe:
    """What botocore takes for its HTTP session. The process that is forked connects it to the world."""

    def __init__(self) -> None:
        self.connection: Connection | None = None

    def join(self, client: Any) -> Any:
        """Make a botocore client speak over this pipe."""
        client._endpoint.http_session = self
        return client

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """One HTTP request; raises what botocore raises where no answer came in time."""
        assert self.connection is not None
        body: Any = request.body
        target = request.headers.get("X-Amz-Target", b"")
        name = target.decode() if isinstance(target, bytes) else str(target)
        self.connection.send(("request", name or request.url.partition("amazonaws.com")[2], bytes(body)))
        answer = self.connection.recv()
        if answer is LOST:
            raise ReadTimeoutError(endpoint_url=request.url)
        status, content = answer
        headers: Any = HeadersDict({"content-type": "application/json"})
        return AWSResponse(request.url, status, headers, _Content(content))

    def close(self) -> None:
        """There is nothing to close."""


class ProcessClock:
    """The time of this process: set by the world, and moved by sleeping only. `take_over` comes before the imports of
    the code under test."""

    def __init__(self) -> None:
        self.now_ms = 0

    def sleep(self, seconds: Any) -> None:
        self.now_ms += int(seconds * 1000)

    def take_over(self) -> None:
        """Put it in place of the process's clocks."""
        clock = self

        class Now(datetime.datetime):
            @classmethod
            def now(cls, tz: datetime.tzinfo | None = None) -> Any:
                return cls.fromtimestamp(clock.now_ms / 1000, tz)

        time.sleep = self.sleep
        time.time = lambda: clock.now_ms / 1000
        time.time_ns = lambda: clock.now_ms * 1_000_000
        datetime.datetime = Now  # type: ignore[misc]  # what is patched here is what the code under test looks up
