"""The OpenAPI document: what the routes say, and problem documents for what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from webapp.api.models import ProblemOut
from webapp.api.problems import MEDIA_TYPE, Problem, of_status

__all__ = ["BOOK_LINKS", "build_document", "failures", "success"]

_SCHEMAS: Final = "#/components/schemas/"


def failures(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The part `responses` of a route that can fail in these ways."""
    return {status: _failure(of_status(status, "What exactly is wrong.")) for status in statuses}


def _failure(problem: Problem) -> dict[str, Any]:
    example = problem.document("https://herald.example", "01KAJ8V3Q0S5T2M9Z6E1B4C7D8")
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}ProblemOut"}, "example": example}}
    return {"description": problem.kind.title, "content": content}


_HEADERS: Final = {
    "Location": "where the book is",
    "ETag": "names this state of the book, for `If-Match`",
    "Idempotency-Replayed": "`true` if this is the answer to an earlier request with the same key",
    "Link": "related addresses (RFC 8288): `first` and `next` of a list, `related` for what happened to the mails",
}

#: What can be done with a book that was added, as OpenAPI links.
BOOK_LINKS: Final = {
    name: {"operationId": operation, "parameters": {"book_id": "$response.body#/id"}}
    for name, operation in (
        ("GetBook", "get_book"),
        ("ChangeBook", "change_book"),
        ("RemoveBook", "remove_book"),
        ("GetNotifications", "get_notifications"),
    )
}


def success(status: int, *headers: str, links: Mapping[str, Any] | None = None) -> dict[int | str, dict[str, Any]]:
    """The part `responses` that documents which headers a good answer carries, and where it leads."""
    described = {name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in headers}
    return {status: {"headers": described} | ({"links": dict(links)} if links else {})}


def build_document(app: FastAPI) -> dict[str, Any]:
    """The whole document; made once, as FastAPI's own is."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        _, problems = models_json_schema([(ProblemOut, "serialization")], ref_template=f"{_SCHEMAS}{{model}}")
        schema["components"]["schemas"] |= problems["$defs"]
        app.openapi_schema = schema
    return app.openapi_schema
