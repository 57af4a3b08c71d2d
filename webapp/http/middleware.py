"""What applies to every request: a request id, a limit on the body, security headers, and the last error handler."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from ulid import ULID

from webapp import deadline, log
from webapp.api.problems import Problem
from webapp.http.error_handlers import format_rate_limit, write_problem

__all__ = ["MOST_BODY_BYTES", "RequestMiddleware"]

MOST_BODY_BYTES = 64 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class RequestMiddleware:
    """The outermost middleware: limits the body, sets the headers, and answers unexpected errors."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = _HEADERS | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        deadline.begin()
        is_head = scope["method"] == "HEAD"
        if is_head:  # answered as GET, without the body: https://www.rfc-editor.org/rfc/rfc9110#name-head
            scope = {**scope, "method": "GET"}
        writer = _ResponseWriter(scope, send, self._headers, is_head=is_head)
        try:
            await self._app(scope, await _read_small_body(scope, receive), writer.send)
        except Problem as problem:
            await write_problem(Request(scope), problem)(scope, receive, writer.send)
        except ClientDisconnect:
            log.info("caller went away", request_id=writer.request_id)
        except Exception as error:  # unexpected: logged, and answered as a problem
            log.failure("request failed", error, request_id=writer.request_id)
            if writer.status is None:
                broken = Problem("internal", "Something broke on our side.")
                await write_problem(Request(scope), broken)(scope, receive, writer.send)
        finally:
            writer.write_log()


class _ResponseWriter:
    """Sends an answer with the headers that every answer has."""

    def __init__(self, scope: Scope, send: Send, headers: dict[str, str], *, is_head: bool) -> None:
        sent = Headers(scope=scope).get("x-request-id", "")
        self.request_id = sent if _REQUEST_ID.fullmatch(sent) else str(ULID())
        self.status: int | None = None
        self._scope, self._send, self._headers = scope, send, headers
        self._began = time.monotonic()
        self._is_head = is_head
        scope["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._headers.items():
                headers.setdefault(name, value)
            headers["X-Request-Id"] = self.request_id
            headers.setdefault("Cache-Control", "no-store")
            limit = self._scope.get("rate_limit")
            for name, value in (format_rate_limit(limit) if limit else {}).items():
                headers.setdefault(name, value)
            for cookie in self._scope.get("cookies", ()):
                headers.append("Set-Cookie", cookie)
        await self._send({**message, "body": b""} if self._is_head and "body" in message else message)

    def write_log(self) -> None:
        """Log the route and never the path: a reader of the log must not be able to use unsubscribe links."""
        took = round((time.monotonic() - self._began) * 1000, 1)
        route = getattr(self._scope.get("route"), "path", None) or self._scope.get("root_path") or "none"
        method = "HEAD" if self._is_head else self._scope["method"]
        log.info("request", method=method, route=route, status=self.status, ms=took, request_id=self.request_id)


async def _read_small_body(scope: Scope, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Read the whole body before anything uses it; raises `Problem` 413, also if the length was not announced."""
    announced = Headers(scope=scope).get("content-length", "")
    body = b""
    if re.fullmatch("[0-9]+", announced) and (len(announced) > 18 or int(announced) > MOST_BODY_BYTES):
        _refuse_too_large()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientDisconnect
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BODY_BYTES:
            _refuse_too_large()
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return unread.pop() if unread else await receive()

    return replay


def _refuse_too_large() -> NoReturn:
    raise Problem("content-too-large", f"The body has more than {MOST_BODY_BYTES} bytes.")
