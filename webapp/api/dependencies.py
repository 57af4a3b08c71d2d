"""What every API request needs: an id token, a JSON body if it has one, and a rate within the limit."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic.json_schema import SkipJsonSchema

from webapp.api.problems import Problem
from webapp.auth.identity import Identity, TokenVerifier, choose_language
from webapp.books import cursor
from webapp.composition import Services
from webapp.errors import NotAuthenticated, RequestError

__all__ = [
    "AuthenticatedRoute",
    "BookId",
    "Caller",
    "IdempotencyKey",
    "IfMatch",
    "IfNoneMatch",
    "ServicesOf",
    "Traceparent",
    "name_stranger",
    "read_caller",
    "require_json",
]

_BODY_TYPES = {
    "POST": {"application/json"},
    "PATCH": {"application/merge-patch+json", "application/json"},
}

#: A string as in structured fields (RFC 9651), or without quotes, as most clients send it.
_KEY_PATTERN = r'^("[ !#-\[\]-~]{1,255}"|[!#-+\--:<-~]{1,255})$'
_KEY = re.compile(_KEY_PATTERN.rstrip("$"))

_bearer = HTTPBearer(
    auto_error=False, bearerFormat="JWT", scheme_name="idToken", description="an OIDC **id token** of this app's client"
)


class AuthenticatedRoute(APIRoute):
    """A route that authenticates the caller before it reads the body, so that a stranger learns nothing from it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def authenticate_and_handle(request: Request) -> Response:
            request.state.caller = await _authenticate(request)
            return await handle(request)

        return authenticate_and_handle


async def _authenticate(request: Request) -> Identity:
    """Return the caller; raises `NotAuthenticated` without a valid token, `TooManyRequests` above the rate limit."""
    verifier: TokenVerifier = request.app.state.services.verifier
    try:
        bearer = await _bearer(request)
        if bearer is None:
            raise NotAuthenticated("there is no bearer token")
        identity = verifier.find_verified(bearer.credentials)
        if identity is None:
            identity = await run_in_threadpool(verifier.verify, bearer.credentials)
    except RequestError:
        _admit(request, name_stranger(request))
        raise
    _admit(request, f"user#{identity.sub}")
    return choose_language(identity, request.headers.get("accept-language", ""))


def name_stranger(request: Request) -> str:
    """Return the rate limiter's key for an unauthenticated caller: the network address."""
    return f"address#{request.client.host if request.client else ''}"


def _admit(request: Request, caller: str) -> None:
    """Count the request, and keep the caller's remaining requests for the headers of the answer."""
    limiter = request.app.state.services.limiter
    try:
        limiter.admit(caller)
    finally:
        request.scope["rate_limit"] = limiter.status(caller)


async def read_caller(
    request: Request, _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Identity:
    """Return the caller that the route authenticated."""
    identity: Identity = request.state.caller
    return identity


async def require_json(request: Request) -> None:
    """Reject a body whose Content-Type is not JSON; raises `Problem` 415."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = _BODY_TYPES.get(request.method, {media_type})
    if media_type not in wanted:
        raise Problem("unsupported-media-type", f"Send the body as {' or '.join(sorted(wanted, reverse=True))}.")


async def _read_key(
    request: Request,
    _documented: Annotated[
        str | SkipJsonSchema[None],
        Header(
            alias="Idempotency-Key",
            json_schema_extra={"pattern": _KEY_PATTERN},
            description="names this request, so that sending it again does nothing twice; kept for a day",
            examples=['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
        ),
    ] = None,
) -> str | None:
    return _parse_key(request.headers.getlist("idempotency-key"))


def _parse_key(headers: Sequence[str]) -> str | None:
    """Return the key in the headers, None if there is none; raises `Problem` 400 if it is invalid.

    https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
    """
    if not headers:
        return None
    match = _KEY.fullmatch(headers[0].strip()) if len(headers) == 1 else None
    if match is None:
        raise Problem(
            "bad-request", 'Idempotency-Key must be one string of 1 to 255 characters, such as "8e03978e-40d5".'
        )
    return match[1].strip('"')


async def _get_services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


#: A route passes on only the services that it needs, not the whole.
ServicesOf = Annotated[Services, Depends(_get_services)]
Caller = Annotated[Identity, Depends(read_caller)]
Traceparent = Annotated[
    str | SkipJsonSchema[None],
    Header(
        alias="traceparent",
        description="the caller's trace (W3C Trace Context), which event and mail continue; a bad one is passed over",
        examples=["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
    ),
]
IfNoneMatch = Annotated[
    str | SkipJsonSchema[None],
    Header(
        alias="If-None-Match", description="the ETag that the caller has; 304 if it still is that", examples=['"1"']
    ),
]
IdempotencyKey = Annotated[str | None, Depends(_read_key)]
BookId = Annotated[str, Path(pattern=cursor.ULID_PATTERN, examples=["01KAJ8V3Q0S5T2M9Z6E1B4C7D8"])]
IfMatch = Annotated[
    str | SkipJsonSchema[None],
    Header(alias="If-Match", description="the ETag of the state that is changed", examples=['"1"']),
]
