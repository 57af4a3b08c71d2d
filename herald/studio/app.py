"""The studio's web app: one page, its JSON endpoints, the mails in frames, and a stream of changes."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from watchfiles import awatch

from function.message.rendering import Content
from herald.publish_example import require_address
from herald.studio.live_catalogue import LiveCatalogue
from laptop.inbox.app import MAIL_POLICY, PAGE_POLICY, SameOrigin
from laptop.state import ROOT
from operations.errors import UserError

__all__ = ["Ask", "Send", "make_studio"]

PAGES = Path(__file__).with_name("pages")
_SHEET = ROOT / "webapp" / "pages" / "static" / "herald.css"
#: Step and debounce of the file watcher in milliseconds: an editor writes a file in several steps.
_STEP, _LONGEST = 50, 300
_KEPT = 50

#: Sends a mail: the rendered content, the type, the data, the recipient's address. Returns the message to show.
Send = Callable[[Content, str, Mapping[str, Any], str], str]
#: Makes the question before a real mail, which names the deployment: from the type and the recipient's address.
Ask = Callable[[str, str], str]


def make_studio(catalogue: LiveCatalogue, watched: Path, ways: Mapping[str, Send], ask: Ask) -> Starlette:
    """The ASGI application. `ways` are the ways in which *send me this* can send, by name; each but `laptop` needs a
    yes to the question of `ask`."""
    pages = _StudioPages(catalogue, watched, ways, ask)
    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/notifications", pages.notifications),
            Route("/changes", pages.changes),
            Route("/render", pages.render, methods=["POST"]),
            Route("/mail/{id}", pages.mail),
            Route("/save", pages.save, methods=["POST"]),
            Route("/send", pages.send, methods=["POST"]),
            Route("/static/herald.css", lambda _: FileResponse(_SHEET)),
            Mount("/static", StaticFiles(directory=PAGES)),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"]),
            Middleware(SameOrigin),
        ],
        exception_handlers={
            UserError: _answer_refusal,
            ClientError: _answer_aws_refusal,
            BotoCoreError: _answer_aws_refusal,
        },
        lifespan=pages.lifespan,
    )


class _StudioPages:
    def __init__(self, catalogue: LiveCatalogue, watched: Path, ways: Mapping[str, Send], ask: Ask) -> None:
        self._catalogue, self._watched, self._ways, self._ask = catalogue, watched, ways, ask
        self._mails: dict[str, str] = {}
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(self._catalogue.reload)
        watching = asyncio.create_task(self._watch())
        yield
        watching.cancel()

    async def home(self, _request: Request) -> Response:
        return FileResponse(PAGES / "studio.html", headers={"Content-Security-Policy": PAGE_POLICY})

    async def notifications(self, _request: Request) -> Response:
        described = await run_in_threadpool(self._catalogue.describe)
        return JSONResponse({**described, "ways": list(self._ways)})

    async def changes(self, _request: Request) -> Response:
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def render(self, request: Request) -> Response:
        form = await request.json()
        content, headers = await self._write(form)
        id_ = hashlib.sha256(content.html.encode()).hexdigest()[:32]
        self._mails[id_] = content.html
        while len(self._mails) > _KEPT:
            self._mails.pop(next(iter(self._mails)))
        sizes = {"html": len(content.html.encode()), "text": len(content.text.encode())}
        return JSONResponse({"id": id_, "text": content.text, "headers": headers, "sizes": sizes})

    async def mail(self, request: Request) -> Response:
        html = self._mails.get(request.path_params["id"], "")
        headers = {"Content-Security-Policy": MAIL_POLICY, "X-Content-Type-Options": "nosniff"}
        return Response(html, media_type="text/html; charset=utf-8", headers=headers)

    async def save(self, request: Request) -> Response:
        form = await request.json()
        path = await run_in_threadpool(self._catalogue.save, form["type"], form["example"], form["data"])
        return JSONResponse({"said": f"Saved in {path}"})

    async def send(self, request: Request) -> Response:
        form = await request.json()
        way = form["way"]
        if way not in self._ways:
            raise UserError(f"there is no way {way!r} to send a mail")
        to = require_address(form.get("to"))
        if way != "laptop" and form.get("confirmed") is not True:
            return JSONResponse({"question": await run_in_threadpool(self._ask, form["type"], to)})
        content, _ = await self._write(form)
        send = self._ways[way]
        result = await run_in_threadpool(send, content, form["type"], form["data"], to)
        return JSONResponse({"said": result})

    def _write(self, form: Mapping[str, Any]) -> Awaitable[tuple[Content, dict[str, str]]]:
        return run_in_threadpool(self._catalogue.write, form["type"], form["locale"], form["data"])

    async def _watch(self) -> None:
        async for _ in awatch(self._watched, step=_STEP, debounce=_LONGEST):
            await run_in_threadpool(self._catalogue.reload)
            async with self._changed:
                self._changed.notify_all()

    async def _stream(self) -> AsyncIterator[str]:
        while True:
            yield f"data: {json.dumps(self._catalogue.version)}\n\n"
            async with self._changed:
                await self._changed.wait()


async def _answer_refusal(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 422)


async def _answer_aws_refusal(_request: Request, error: Exception) -> Response:
    """Answer with the error of AWS, or say that AWS did not answer: then a mail may have been sent."""
    problem = "AWS refused" if isinstance(error, ClientError) else "AWS did not answer"
    return JSONResponse({"error": f"{problem}: {error}"}, 502)
