"""The OpenAPI document: the routes, with problem documents for their failures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from webapp.api.models import ProblemOut
from webapp.api.problems import MEDIA_TYPE, Problem, make_problem

__all__ = ["BOOK_LINKS", "build_document", "document_failures", "document_success"]

_SCHEMAS = "#/components/schemas/"


def document_failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that can fail with these statuses."""
    return {status: _document_failure(make_problem(status, "What exactly is wrong.")) for status in statuses}


def _document_failure(problem: Problem) -> dict[str, Any]:
    example = problem.document("https://herald.example", "01KAJ8V3Q0S5T2M9Z6E1B4C7D8")
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}ProblemOut"}, "example": example}}
    named = _OF_STATUS.get(problem.kind.status, ())
    return {"description": problem.kind.title, "content": content, "headers": _describe_headers(*named)}


def _describe_headers(*names: str) -> dict[str, Any]:
    return {name: {"description": _HEADERS[name], "schema": {"type": _TYPES.get(name, "string")}} for name in names}


#: The headers of a failure, by status.
_OF_STATUS = {401: ("WWW-Authenticate",), 409: ("Retry-After",), 429: ("Retry-After",), 503: ("Retry-After",)}
#: Headers of every answer of the API to a signed-in caller.
_OF_EVERY_ANSWER = ("X-Request-Id", "RateLimit-Policy", "RateLimit")
_TYPES = {"Retry-After": "integer"}
_HEADERS = {
    "Retry-After": "seconds to wait before the same request is sent again",
    "WWW-Authenticate": "how to authenticate, and what is wrong with the token (RFC 6750); `max_age` says how old a "
    "sign-in may be (RFC 9470)",
    "X-Request-Id": "names this one request, in logs and in problem documents",
    "RateLimit-Policy": "the limit (IETF draft, ratelimit-headers-10): `q` requests in `w` seconds for each caller; "
    "where a budget of mails is used up, that budget",
    "RateLimit": "where the caller stands with it: `r` requests remain, all of them again in `t` seconds",
    "Location": "where the book is",
    "ETag": "names this state of the book, for `If-Match`",
    "Idempotency-Replayed": "`true` if this is the answer to an earlier request with the same key",
    "Link": "related addresses (RFC 8288): `first` and `next` of a list, `related` for what happened to the mails",
}

#: What can be done with an added book, as OpenAPI links.
BOOK_LINKS = {
    name: {"operationId": operation, "parameters": {"book_id": "$response.body#/id"}}
    for name, operation in (
        ("GetBook", "get_book"),
        ("ChangeBook", "change_book"),
        ("RemoveBook", "remove_book"),
        ("GetNotifications", "get_notifications"),
    )
}


def document_success(
    status: int, *headers: str, links: Mapping[str, Any] | None = None
) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` that document the headers of a successful answer, and its links."""
    return {status: {"headers": _describe_headers(*headers)} | ({"links": dict(links)} if links else {})}


def build_document(app: FastAPI) -> dict[str, Any]:
    """Build the whole document; cached, as FastAPI's own is."""
    if app.openapi_schema is None:
        settings = app.state.services.settings
        schema = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=_ABOUT,
            routes=app.routes,
            servers=[{"url": settings.public_url, "description": "this installation"}],
            contact={"name": "whoever runs this installation", "url": settings.public_url},
            tags=_TAGS,
        )
        _, problems = models_json_schema([(ProblemOut, "serialization")], ref_template=f"{_SCHEMAS}{{model}}")
        schema["components"]["schemas"] |= problems["$defs"]
        schema["components"]["securitySchemes"] = {
            "idToken": {
                "type": "openIdConnect",
                "openIdConnectUrl": settings.oidc_discovery_url,
                "description": "`Authorization: Bearer` with an OIDC **id token** of this issuer and this app's client",
            }
        }
        for path, operations in schema["paths"].items():
            if path.startswith("/v1/"):
                _add_common_headers(operations.values())
        app.openapi_schema = schema
    return app.openapi_schema


def _add_common_headers(operations: Iterable[Mapping[str, Any]]) -> None:
    for operation in operations:
        for answer in operation["responses"].values():
            answer["headers"] = answer.get("headers", {}) | _describe_headers(*_OF_EVERY_ANSWER)


_ABOUT = (
    "A caller keeps books, and gets one mail about each that is added or deleted. What became of every mail can be "
    "read as a timeline. Failures are problem documents (RFC 9457), whose `type` leads to a page about them."
)
_TAGS: list[dict[str, Any]] = [
    {"name": "books", "description": "The caller's books, and what happened to the mails about them."},
    {"name": "account", "description": "The caller's own account."},
    {"name": "probes", "description": "For whoever starts the app and watches it."},
]
