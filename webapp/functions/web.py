"""The web app as a Lambda function behind an HTTP API."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from mangum import Mangum

from webapp.app import create_app

if TYPE_CHECKING:
    from mangum.types import LambdaContext, LambdaEvent

__all__ = ["handler"]


@cache
def _make_application() -> Mangum:
    return Mangum(create_app(), lifespan="off")


def handler(event: LambdaEvent, context: LambdaContext) -> dict[str, Any]:
    """Answer one request of the HTTP API (payload format 2.0)."""
    return _make_application()(event, context)
