"""The certificates that are trusted, read once for all clients and all connections of a process.

urllib3 reads the whole bundle again for each connection: 20 ms of CPU with OpenSSL 3, whenever SES's connection has
idled too long to be used again.
"""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["Trust"]


class Trust:
    """One TLS context, its bundle read when the first connection is made."""

    def __init__(self) -> None:
        self._context: Any = None

    def share(self, client: Any) -> None:
        """Have a botocore client make its connections with the same context as those before it."""
        pools = client._endpoint.http_session._manager.connection_pool_kw
        if self._context is None:
            self._context = pools["ssl_context"]
            self._context.load_verify_locations = functools.cache(self._context.load_verify_locations)
        pools["ssl_context"] = self._context
