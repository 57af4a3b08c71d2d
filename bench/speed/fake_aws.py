"""A fake AWS that answers at once, distinguishes a first delivery from a second, and counts requests.

Every handler is measured with it, so that only the handlers differ. `GET /_counts` returns the requests since the last
call, `POST /_listed` puts a key into the table.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from bench.speed.fake_table import Answer, FakeTable, make_error

__all__ = ["FakeAws"]

_XML = (
    b'<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Failed/>'
    b"<Successful>%s</Successful></PublishBatchResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
    b"</PublishBatchResponse>"
)
_MEMBER = b"<member><Id>%d</Id><MessageId>00000000-0000-0000-0000-%012d</MessageId></member>"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target: *[\w.]*?(\w+)\r\n", re.IGNORECASE)


class FakeAws:
    """The state and the request counts, shared by all connections."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.table = FakeTable()

    def answer(self, head: bytes, body: bytes) -> Answer:
        """Return the status and the body for one request."""
        target = _TARGET.search(head)
        path = head.split(b" ", 2)[1].decode()
        name = target[1].decode() if target else path
        if path == "/_counts":
            counts = json.dumps(self.calls).encode()
            self.calls.clear()
            return 200, counts
        if path == "/_listed":
            self.table.keys[body.decode()] = ""
            return 200, b"{}"
        if path.startswith("/v2/email"):
            name = "SendEmail"
        elif not target:
            name = "PublishBatch"
        self.calls[name] += 1
        return self._list_handlers().get(name, self.table.answer)(name, body)

    def _list_handlers(self) -> Mapping[str, Callable[[str, bytes], Answer]]:
        return {
            "SendEmail": _answer_mail,
            "PublishBatch": _answer_publish,
            "GetParameter": lambda _name, _body: (200, json.dumps({"Parameter": {"Value": "k" * 64}}).encode()),
            "SendMessage": lambda _name, _body: (200, b'{"MessageId": "m"}'),
        }


def _answer_mail(_name: str, body: bytes) -> Answer:
    if b'["refused@' in body:
        return make_error("MessageRejected", message="Email address is not taken")
    return 200, b'{"MessageId": "0100018f-0000-0000-0000-000000000000-000000"}'


def _answer_publish(_name: str, body: bytes) -> Answer:
    count = len(re.findall(rb"\.Id=", body))
    return 200, _XML % b"".join(_MEMBER % (number, number) for number in range(count))


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, aws: FakeAws) -> None:
        self._aws = aws
        self._read = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._aws.calls["connections"] += 1

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[: end + 2]
            found = _LENGTH.search(head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._read) < whole:
                return
            body, self._read = self._read[end + 4 : whole], self._read[whole:]
            status, response = self._aws.answer(head, body)
            kind = b"text/xml" if response.startswith(b"<") else b"application/x-amz-json-1.0"
            self._transport.write(
                b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
                % (status, kind, len(response), response)
            )


async def main(certificate: str) -> None:
    """Serve HTTP and, with this certificate, HTTPS; print both ports."""
    aws, loop = FakeAws(), asyncio.get_running_loop()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    servers = [await loop.create_server(lambda: Connection(aws), "127.0.0.1", 0, ssl=tls) for tls in (None, context)]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    sys.stdout.write(" ".join(map(str, ports)) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
