"""Starts ministack with Herald's patches, as if it were behind a proxy that terminates TLS.

Herald's topics and queues reject requests without TLS, and a laptop has no TLS. So every signed request counts as HTTPS
unless it has an `X-Forwarded-Proto` header of its own, by which a test can provoke the rejection.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
import uuid
from importlib import import_module
from typing import Any

from laptop.emulator.buses import Buses
from laptop.emulator.cloudwatch import AlarmEvaluator
from laptop.emulator.code_folders import CodeFolders
from laptop.emulator.cognito import UserPoolPatches
from laptop.emulator.control_api import App, ControlPaths, Scope
from laptop.emulator.lambdas import Lambdas
from laptop.emulator.patches import Ministack
from laptop.emulator.queues import Queues
from laptop.emulator.streams import Streams
from laptop.emulator.topics import Topics
from laptop.invocations.async_queue import AsyncQueue
from laptop.invocations.invocation import InvocationTarget, QueuedEvent
from laptop.invocations.journal import Journal
from laptop.timer import Timer

__all__ = ["main"]


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m laptop.emulator", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="factor on AWS's own waiting times")
    parser.add_argument("--account-pages", default="", help="URL of the pages to sign up and reset a password")
    options = parser.parse_args()
    del sys.argv[1:]  # ministack reads them too
    # A sandbox finds bytecode in its package, as on Lambda, and writes none.
    os.environ.pop("PYTHONPYCACHEPREFIX", None)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    app: Any = import_module("ministack.app")
    app.app = _assume_tls(compose(app.app, options.scale, options.account_pages))
    app.main()


def compose(app: App, scale: float, account_pages: str = "") -> App:
    """Apply all patches; return the application with the control paths in front of it."""
    ministack, journal = Ministack(), Journal()
    alarms = AlarmEvaluator(ministack, scale)
    lambdas = Lambdas(ministack, journal, alarms.store, random.random)
    queues = Queues(ministack, lambdas, scale)
    Streams(ministack, lambdas, queues.put, alarms.store, random.random, scale)
    later = Timer("events", apart=True).call_after
    waiting = AsyncQueue(lambdas.limits, lambdas.run, queues.give_up, later, time.time, scale, random.random)
    UserPoolPatches(ministack, account_pages)
    CodeFolders(ministack)
    Topics(ministack, queues, journal, waiting.put, alarms.store)
    Buses(ministack, queues)

    def accept(record: dict[str, Any], payload: Any) -> None:
        target = InvocationTarget.parse((record.get("config") or record)["FunctionArn"])
        hops = ministack.functions._invoke_depth.get()
        waiting.put(QueuedEvent(str(uuid.uuid4()), target, payload, "event", time.time(), hops))

    ministack.replace(ministack.functions, "invoke_async_with_retry", lambda _: accept)
    ministack.finish()
    alarms.start()
    return ControlPaths(ministack, journal, waiting.pending, lambdas, app)


def _assume_tls(app: App) -> App:
    async def forward(scope: Scope, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers") or ())
        if headers.get(b"authorization", b"").startswith(b"AWS4-") and b"x-forwarded-proto" not in headers:
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await app(scope, receive, send)

    return forward


if __name__ == "__main__":
    main()
