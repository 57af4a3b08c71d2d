"""The OpenAPI document: what the routes say, and problem documents for what they refuse."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from webapp.models import ProblemOut
from webapp.problems import MEDIA_TYPE, of_status

_SCHEMAS: Final = "#/components/schemas/"


def fails(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The part `responses` of a route that can fail in these ways."""
    content = {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}ProblemOut"}}}
    return {status: {"description": of_status(status, "").kind.title, "content": content} for status in statuses}


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document; made once, as FastAPI's own is."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        _, problems = models_json_schema([(ProblemOut, "serialization")], ref_template=f"{_SCHEMAS}{{model}}")
        made["components"]["schemas"] |= problems["$defs"]
        app.openapi_schema = made
    return app.openapi_schema
