"""A receiver of traces on loopback, which keeps what it is sent and reads it as strictly as the laptop's does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from laptop.traces.otlp import SpanRecord, read_spans

__all__ = ["Collector", "collecting"]


@dataclass
class Collector:
    """What came, as bytes and as spans, and the address for exporters; answers with `status`, after `seconds`."""

    url: str = ""
    status: int = 200
    seconds: float = 0
    bodies: list[bytes] = field(default_factory=list)
    spans: list[SpanRecord] = field(default_factory=list)

    def named(self, name: str) -> SpanRecord:
        """The one span of this name."""
        [found] = [span for span in self.spans if span.name == name]
        return found


@contextmanager
def collecting() -> Iterator[Collector]:
    """The receiver, as long as the block lasts."""
    kept = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.bodies.append(body)
            right = (self.path, self.headers["Content-Type"]) == ("/v1/traces", "application/json")
            kept.spans.extend(read_spans(body))
            time.sleep(kept.seconds)
            self.send_response(kept.status if right else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
