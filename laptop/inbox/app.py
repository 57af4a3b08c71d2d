"""The inbox: HTML pages that show the same mails as the JSON API."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from laptop.inbox.control_api import ControlApi, find_mail
from laptop.ses.api import Ses
from laptop.ses.faults import ArmedFaults, BadFault
from laptop.ses.mailbox import Mail
from laptop.state import ROOT

if TYPE_CHECKING:
    from jinja2 import Environment

    from laptop.console.console import Console
    from laptop.providers.webhook_sender import WebhookSender
    from laptop.traces.pages import TracePages

__all__ = ["MAIL_POLICY", "PAGE_POLICY", "SameOrigin", "make_inbox"]

PAGES = Path(__file__).with_name("pages")
VIEWS = ("html", "text", "headers", "raw")

#: Policy of the inbox's own pages: no inline code, nothing from other origins.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Policy of a mail: no scripts, no forms, nothing fetched; its links open in a new window.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def make_inbox(
    ses: Ses,
    console: Console | None = None,
    more: Sequence[Route] = (),
    faults: Mapping[str, ArmedFaults] | None = None,
    senders: Mapping[str, WebhookSender] | None = None,
    traces: TracePages | None = None,
) -> Starlette:
    """Return the ASGI application with the pages, the control API, the console if there is one, and the routes `more`.

    `faults` are the armed faults, except those of SES, and `senders` the webhook senders, by provider. Without
    them there is only SES.
    """
    pages = _InboxPages(ses, console)
    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/list", pages.list_mails),
            Route("/mail/{id}", pages.mail),
            Route("/messages/{id}/html", pages.html),
            Route("/messages/{id}/frame", pages.frame),
            Route("/empty", pages.empty, methods=["POST"]),
            *ControlApi(ses, faults or {}, senders or {}).routes(),
            *(console.routes(pages.page) if console else ()),
            *(traces.routes(pages.page) if traces else ()),
            *more,
            Route("/static/herald.css", _serve_style_sheet),
            Mount("/static", StaticFiles(directory=PAGES / "static")),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
            Middleware(SameOrigin),
            Middleware(GZipMiddleware),
        ],
        exception_handlers={LookupError: _answer_not_found, BadFault: _answer_bad_request},
    )


class _InboxPages:
    def __init__(self, ses: Ses, console: Console | None) -> None:
        self._ses = ses
        self._console = console

    def home(self, _request: Request) -> Response:
        return self.page("inbox.html", None, **(self._console.context() if self._console else {}))

    async def list_mails(self, request: Request) -> Response:
        mail = self._ses.mailbox.get(request.query_params.get("open", ""))
        return self.page("list.html", mail)

    async def mail(self, request: Request) -> Response:
        mail = find_mail(self._ses, request)
        offered = [view for view in VIEWS if view not in ("html", "text") or getattr(mail, view) is not None]
        view = request.query_params.get("view")
        return self.page("inbox.html", mail, views=offered, view=view if view in offered else offered[0])

    async def html(self, request: Request) -> Response:
        return _serve_mail(find_mail(self._ses, request).html or "")

    async def frame(self, request: Request) -> Response:
        html = find_mail(self._ses, request).html or ""
        return _serve_mail(re.sub(r"(<head[^>]*>|^)", r'\1<base target="_blank">', html, count=1, flags=re.I))

    async def empty(self, _request: Request) -> Response:
        self._ses.mailbox.empty()
        return RedirectResponse("/", status_code=303)

    def page(self, template: str, mail: Mail | None, **more: object) -> Response:
        """Render a template with the list of mails; `mail` is the one that is open."""
        mails = list(reversed(self._ses.mailbox.find()))
        shown = {"mails": mails, "open": mail, "console": self._console is not None, **more}
        headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}
        return HTMLResponse(_make_environment().get_template(template).render(shown), headers=headers)


@cache
def _make_environment() -> Environment:
    """Return the web app's template environment, so that a timeline looks the same here; created on first use."""
    from webapp.pages.rendering import make_environment  # noqa: PLC0415  it imports fastapi

    return make_environment(PAGES)


async def _serve_style_sheet(_request: Request) -> Response:
    return FileResponse(ROOT / "webapp" / "pages" / "static" / "herald.css")


def _serve_mail(html: str) -> Response:
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Content-Type-Options": "nosniff"}
    return Response(html, media_type="text/html; charset=utf-8", headers=headers)


async def _answer_not_found(_request: Request, problem: Exception) -> Response:
    return JSONResponse({"error": str(problem)}, 404)


async def _answer_bad_request(_request: Request, problem: Exception) -> Response:
    return JSONResponse({"error": str(problem)}, 422)


class SameOrigin:
    """Answers 403 to changes that come from a page of another site; requests without an `Origin` (programs) pass."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in {"GET", "HEAD"} and _is_foreign(Headers(scope=scope)):
            refusal = PlainTextResponse("This machine takes no orders from another site.", 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_foreign(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
