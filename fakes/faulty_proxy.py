"""A proxy on the way to AWS: it can be shut, and a process whose call it passes on can be killed."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

__all__ = ["FaultyProxy", "run_proxy"]

#: Seconds; it only ends a hang.
_TIMEOUT = 300.0
_OWN_HEADERS = {"connection", "transfer-encoding", "content-length"}


class FaultyProxy:
    """Passes calls on to `upstream`.

    Shut, it hangs up on every caller, and counts them. With a `victim` it kills that process once a call that holds
    `sign` has gone through: what it asked for is done, and it never learns so.
    """

    def __init__(self, upstream: str, sign: bytes = b"") -> None:
        self.shut = False
        self.refused = 0
        self.victim: int | None = None
        self.killed = threading.Event()
        self._sign = sign
        self._upstream = urlsplit(upstream).netloc
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                if proxy.shut:
                    proxy.refused += 1
                    self.close_connection = True
                    return
                status, headers, answer = proxy.pass_on(self.path, dict(self.headers), body)
                if proxy.kills(dict(self.headers), body):
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in _OWN_HEADERS:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def pass_on(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Make the call for the caller."""
        upstream = http.client.HTTPConnection(self._upstream, timeout=_TIMEOUT)
        try:
            upstream.request("POST", path, body, headers)
            answer = upstream.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            upstream.close()

    def kills(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether this call was the one; if so the caller is dead."""
        if self.victim is None or self._sign not in headers.get("X-Amz-Target", "").encode() + body:
            return False
        os.kill(self.victim, signal.SIGKILL)
        self.killed.set()
        return True


@contextmanager
def run_proxy(upstream: str, sign: bytes = b"") -> Iterator[FaultyProxy]:
    """The proxy, as long as the block lasts."""
    made = FaultyProxy(upstream, sign)
    threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
