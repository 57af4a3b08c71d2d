"""HTTPS connections to public addresses only, for a configured external URL.

The name is resolved once; that address is checked and then connected to, so that no DNS answer can lead to the
function's own network: https://owasp.org/www-community/attacks/Server_Side_Request_Forgery
"""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPSConnection
from ipaddress import IPv6Address, ip_address

__all__ = ["NotPublic", "PublicHTTPSConnection"]


class NotPublic(OSError):
    """Every address of the host is private, of this machine, or otherwise not on the public internet."""


class PublicHTTPSConnection(HTTPSConnection):
    """An HTTPS connection that connects to public addresses only."""

    def __init__(self, host: str, port: int | None, timeout: float, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self._tls = context

    def connect(self) -> None:
        """Connect to the first address that works. Raises NotPublic, or the error of the last address tried."""
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
