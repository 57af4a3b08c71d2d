"""The trusted certificates, read once for all clients and all connections of a process.

By default each client makes its own TLS context, and urllib3 reads the whole bundle again for each connection: 20 ms of
CPU with OpenSSL 3, whenever SES's connection has idled too long to be reused.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore import httpsession
from botocore.httpsession import create_urllib3_context

__all__ = ["TlsContext"]


class TlsContext:
    """One TLS context, whose bundle is read when the first connection is made."""

    def __init__(self) -> None:
        self._context: Any = None

    @contextmanager
    def share(self) -> Iterator[None]:
        """Give this context to the botocore clients that are created within the block."""
        module = vars(httpsession)
        own = module["create_urllib3_context"]
        module["create_urllib3_context"] = self._get
        try:
            yield
        finally:
            module["create_urllib3_context"] = own

    def _get(self) -> Any:
        if self._context is None:
            context: Any = create_urllib3_context()
            context.load_verify_locations = functools.cache(context.load_verify_locations)
            self._context = context
        return self._context
