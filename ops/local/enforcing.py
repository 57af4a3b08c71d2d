"""ministack with the policies of roles enforced, as if TLS ended just before it.

python -m ops.local.enforcing

Herald's topics and queues refuse whatever does not come by TLS, and there is no TLS on a laptop. So every signed
request is taken for one that came by https, unless its own `X-Forwarded-Proto` says otherwise: a test can be refused
that way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from typing import Any

__all__ = ["main"]

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


def main() -> None:
    """Serve until killed."""
    ministack: Any = import_module("ministack.app")
    ministack.app = _behind_tls(ministack.app)
    ministack.main()


def _behind_tls(app: App) -> App:
    async def forwarded(scope: Scope, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers") or ())
        if headers.get(b"authorization", b"").startswith(b"AWS4-") and b"x-forwarded-proto" not in headers:
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await app(scope, receive, send)

    return forwarded


if __name__ == "__main__":
    main()
