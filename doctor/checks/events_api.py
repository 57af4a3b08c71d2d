"""The check of the events API: whether any client may post events over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from doctor.aws_api import Answer
from doctor.check import Check, Finding, ok, warning, wrong
from doctor.check_context import ALIAS, CheckContext

__all__ = ["CHECKS"]

#: The placeholder in the authorizer's audience while there is no client, as in infra/modules/notifier.
_NOBODY = "no-client-yet"


def _check_clients(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html"""
    if context.find("lambda", "GetAlias", FunctionName=f"{context.prefix}-events-api", Name=ALIAS) is None:
        return ok("apps publish by an AWS SDK alone: events_api is off")
    name = f"{context.prefix}-gateway"
    apis = _list_items(context.pages("apigatewayv2", "GetApis"))
    api = next((one["ApiId"] for one in apis if one.get("Name") == name), None)
    if api is None:
        return wrong(f"there is no HTTP API {name}: apps can post no events", context.apply)
    authorizers = _list_items(context.pages("apigatewayv2", "GetAuthorizers", ApiId=api))
    audience = [id_ for one in authorizers for id_ in (one.get("JwtConfiguration") or {}).get("Audience", [])]
    if not audience:
        return wrong("POST /events has no authorizer that knows a client", context.apply)
    if audience == [_NOBODY]:
        return warning(
            "no client may post events", "make one as docs/publishing.md says, put its id into clients of events_api"
        )
    return ok(f"{len(audience)} {'client' if len(audience) == 1 else 'clients'} may post events")


def _list_items(pages: Iterable[Answer]) -> Iterator[dict[str, Any]]:
    for page in pages:
        yield from page.get("Items", [])


CHECKS = (Check("events-api", "Events over HTTP", _check_clients),)
