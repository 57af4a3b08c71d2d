"""HTTPS to public addresses only, for a URL that leads out of the account.

The address is judged after the name was looked up and connected to as it was judged, so that no answer of DNS leads
to a neighbour of the function's own: https://owasp.org/www-community/attacks/Server_Side_Request_Forgery
"""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPSConnection
from ipaddress import IPv6Address, ip_address

__all__ = ["NotPublic", "PublicHTTPSConnection"]


class NotPublic(OSError):
    """Every address of the host is private, of this machine, or otherwise not on the internet."""


class PublicHTTPSConnection(HTTPSConnection):
    """A connection that is made to an address on the internet, or not at all."""

    def __init__(self, host: str, port: int | None, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._tls = context

    def connect(self) -> None:
        """Raises NotPublic, or what the last address that was tried raised."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [str(address[0]) for *_, address in found if _is_public(str(address[0]))]
        if not addresses:
            raise NotPublic(f"{self.host} has no public address")
        for number, address in enumerate(addresses, 1):
            try:
                plain = socket.create_connection((address, self.port), self.timeout)
                break
            except OSError:
                if number == len(addresses):
                    raise
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _is_public(text: str) -> bool:
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_global and not address.is_multicast
