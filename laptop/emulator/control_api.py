"""The emulator's control API at `/_herald/...`, for the console, the web app and tests."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import asdict
from typing import Any

from laptop.emulator.lambdas import Lambdas
from laptop.emulator.patches import Ministack
from laptop.invocations.invocation import QueuedEvent
from laptop.invocations.journal import Journal

__all__ = ["App", "ControlPaths", "Scope"]

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
_CODE = re.compile(r"/_herald/code/([\w-]+)/([\w$]+)")
_KILL = re.compile(r"/_herald/functions/([\w-]+)/kill")


class ControlPaths:
    """Answers the control paths, and forwards everything else to ministack."""

    def __init__(
        self,
        ministack: Ministack,
        journal: Journal,
        pending: Mapping[str, QueuedEvent],
        lambdas: Lambdas,
        next_: App,
    ) -> None:
        self._workers = ministack.workers
        self._journal = journal
        self._pending = pending
        self._lambdas = lambdas
        self._next = next_

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Handle a request as an ASGI application."""
        if scope["type"] != "http" or not scope["path"].startswith("/_herald/"):
            await self._next(scope, receive, send)
            return
        code = _CODE.fullmatch(scope["path"])
        status, answer = (
            (200, self._lambdas.code(*code.groups())) if code else self._answer(scope["method"], scope["path"])
        )
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        kind = b"application/zip" if isinstance(answer, bytes) else b"application/json"
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": body})

    def kill(self, function: str) -> int:
        """Send SIGKILL to every sandbox of a function; return how many there were."""
        with self._workers._lock:
            pools = [pool for key, pool in self._workers._workers.items() if key.split(":")[2] == function]
            alive = [w._proc for pool in pools for w in pool if w._proc is not None and w._proc.poll() is None]
        for process in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        return len(alive)

    def _answer(self, method: str, path: str) -> tuple[int, Any]:
        if (method, path) == ("GET", "/_herald/deliveries"):
            return 200, self._journal.deliveries
        if (method, path) == ("GET", "/_herald/invocations"):
            return 200, self._journal.invocations
        if (method, path) == ("GET", "/_herald/pending"):
            return 200, Counter(event.target.name for event in list(self._pending.values()))
        if (method, path) == ("GET", "/_herald/running"):
            return 200, [asdict(run) for run in list(self._lambdas.running.values())]
        named = _KILL.fullmatch(path)
        if method == "POST" and named:
            return 200, {"killed": self.kill(named[1])}
        return 404, {"message": f"no such path: {method} {path}"}
