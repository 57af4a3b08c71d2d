"""The web app: `uvicorn --factory webapp.app:create_app`."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles

from webapp.api import books, health, me, openapi
from webapp.composition import Services, compose
from webapp.http import error_handlers
from webapp.http.middleware import RequestMiddleware
from webapp.pages import account, book_changes, missing_mail, operations, preferences, preview, sign_in
from webapp.pages import books as book_pages
from webapp.pages.sessions import SignedOut
from webapp.settings import WebSettings
from webapp.tracing import open_tracer

__all__ = ["create_app"]

_STATIC = Path(__file__).parent / "pages" / "static"


def create_app(services: Services | None = None) -> FastAPI:
    """Create the app with the given services, else with those configured by the environment.

    Raises `SettingsError`, which ends the process with one line, for a setting that is missing or invalid.
    """
    # both log paths, and the paths of unsubscribe links are secret
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("mangum.http").setLevel(logging.ERROR)
    services = services or compose(WebSettings.from_environment())
    app = FastAPI(
        title="Herald",
        summary="Books, and one mail for each of them.",
        version="1",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # else it would redirect to whatever host the caller names
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    app.add_middleware(RequestMiddleware, https=services.https)
    if tracer := open_tracer(services.settings.otlp_endpoint):
        from webapp.http.tracing import TracingMiddleware  # noqa: PLC0415  only where it is used

        app.add_middleware(TracingMiddleware, tracer=tracer)
    error_handlers.register(app)
    app.exception_handler(SignedOut)(sign_in.on_signed_out)
    app.include_router(books.router)
    app.include_router(me.router)
    pages = (book_pages, book_changes, preview, missing_mail, operations, sign_in, preferences, account)
    for pages_for_people in pages:
        app.include_router(pages_for_people.router, include_in_schema=False)
    app.include_router(health.router, tags=["probes"])
    app.openapi = partial(openapi.build_document, app)  # type: ignore[method-assign]  # FastAPI's documented way
    app.mount("/static", _KeptFiles(directory=_STATIC), name="static")
    return app


class _KeptFiles(StaticFiles):
    """Static files that browsers cache for five minutes and then revalidate by their ETag."""

    def file_response(self, *arguments: Any, **more: Any) -> Response:
        answer = super().file_response(*arguments, **more)
        answer.headers["Cache-Control"] = "public, max-age=300"
        return answer
