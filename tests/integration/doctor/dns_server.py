"""A DNS server on loopback, with the records that a test gives it: a real resolver asks it over the real protocol."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.resolver import Resolver

__all__ = ["Zone", "serve_dns"]

#: Values by name and type: `{("_dmarc.example.com", "TXT"): ['"v=DMARC1"']}`; None: the server is silent about it.
Zone = Mapping[tuple[str, str], list[str] | None]


class _Query(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        data, socket = self.request
        query = dns.message.from_wire(data)
        answer = _answer(query, self.server.zone)
        if answer is not None:
            socket.sendto(answer.to_wire(), self.client_address)


class _Server(socketserver.ThreadingUDPServer):
    daemon_threads = True

    def __init__(self, zone: Zone) -> None:
        super().__init__(("127.0.0.1", 0), _Query)
        self.zone = zone


@contextmanager
def serve_dns(zone: Zone) -> Iterator[Resolver]:
    """A resolver that knows this zone and asks nobody else."""
    with _Server(zone) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        resolver = Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = server.server_address[1]
        resolver.lifetime = 2.0
        try:
            yield resolver
        finally:
            server.shutdown()
            thread.join()


def _answer(query: dns.message.Message, zone: Zone) -> dns.message.Message | None:
    (question,) = query.question
    name, kind = question.name.to_text().rstrip("."), dns.rdatatype.to_text(question.rdtype)
    answer = dns.message.make_response(query)
    answer.flags |= dns.flags.AA
    if name not in {known for known, _ in zone}:
        answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer
    values = zone.get((name, kind), [])
    if values is None:
        return None
    if values:
        answer.answer.append(dns.rrset.from_text(question.name, 300, "IN", kind, *values))
    return answer
