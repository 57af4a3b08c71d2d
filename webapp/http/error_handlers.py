"""Translates errors into answers: a problem document for programs, a page for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount

from operations.aws_retries import CONTENTION_CODES
from webapp import errors, log
from webapp.api.problems import MEDIA_TYPE, Problem, make_problem
from webapp.pages.rendering import render_page
from webapp.pages.sessions import get_cookies

__all__ = [
    "DETAILS",
    "format_rate_limit",
    "is_for_people",
    "on_aws_error",
    "on_http_exception",
    "on_problem",
    "on_request_error",
    "on_validation_error",
    "register",
    "translate_error",
    "write_problem",
]

#: Codes of AWS errors after which the same call may soon succeed, besides those with the statuses below.
#: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_PASSING = CONTENTION_CODES | frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "InternalServerError",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ResourceConflictException",
        "ResourceInUseException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionCanceledException",
        "TransactionInProgressException",
    }
)
_PASSING_STATUSES = frozenset({429, 500, 502, 503, 504})

#: The problem for each domain error.
_SLUGS: dict[type[errors.RequestError], str] = {
    errors.NotFound: "not-found",
    errors.NotAuthenticated: "unauthorized",
    errors.NotAllowed: "forbidden",
    errors.SignInFailed: "sign-in-failed",
    errors.IdempotencyKeyReused: "idempotency-key-reused",
    errors.IdempotencyKeyInFlight: "idempotency-key-in-flight",
    errors.TooManyRequests: "too-many-requests",
    errors.Unavailable: "unavailable",
    errors.Misconfigured: "internal",
}

#: Most invalid fields that are named, and most characters of each pointer: a caller's own field names may be long.
_MOST_FIELDS = 20
_LONGEST_POINTER = 200
DETAILS = {404: "There is nothing at this address.", 405: "This address does not know that method."}


def register(app: FastAPI) -> None:
    """Register the handlers for every kind of error."""
    app.exception_handler(Problem)(on_problem)
    app.exception_handler(errors.RequestError)(on_request_error)
    app.exception_handler(HTTPException)(on_http_exception)
    app.exception_handler(ClientError)(on_aws_error)
    app.exception_handler(BotoCoreError)(on_aws_error)
    app.exception_handler(RequestValidationError)(on_validation_error)


def translate_error(error: errors.RequestError) -> Problem:
    """Return the problem for a domain error."""
    headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    if isinstance(error, errors.TooManyRequests) and error.limit:
        headers |= format_rate_limit(error.limit)
    if not isinstance(error, errors.NotAuthenticated):
        return Problem(_SLUGS[type(error)], error.detail, headers)
    # as RFC 6750, section 3 specifies
    code, more = "invalid_token", ""
    if isinstance(error, errors.SignInTooOld):  # as RFC 9470 specifies
        code, more = "insufficient_user_authentication", f', max_age="{error.seconds}"'
    headers["WWW-Authenticate"] = f'Bearer realm="herald", error="{code}", error_description="{error.detail}"{more}'
    slug = "sign-in-too-old" if more else "unauthorized"
    return Problem(slug, f"{error.detail[0].upper()}{error.detail[1:]}.", headers)


def format_rate_limit(status: errors.RateLimitStatus) -> dict[str, str]:
    """Return the headers `RateLimit-Policy` and `RateLimit`.

    https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
    """
    return {
        "RateLimit-Policy": f'"{status.name}";q={status.quota};w={status.window}',
        "RateLimit": f'"{status.name}";r={status.remaining};t={status.reset}',
    }


def write_problem(request: Request, problem: Problem) -> Response:
    """Return the answer to a failed request."""
    if is_for_people(request):
        _recognise(request)
        answer = render_page(request, "problem.html", {"problem": problem}, problem.kind.status)
        answer.headers.update(problem.headers)
        return answer
    base_url = request.app.state.services.settings.public_url
    document = problem.document(base_url, request.scope.get("request_id", "unknown"))
    # ASCII-escaped, because a field's name may contain a lone surrogate, which UTF-8 cannot encode
    return Response(json.dumps(document), problem.kind.status, problem.headers, media_type=MEDIA_TYPE)


async def on_request_error(request: Request, error: errors.RequestError) -> Response:
    """Answer a request that the domain rejects."""
    if isinstance(error, errors.AccountDeleted) and is_for_people(request):
        get_cookies(request).clear_session(request)
    return write_problem(request, translate_error(error))


async def on_problem(request: Request, error: Problem) -> Response:
    """Answer with a problem that was raised directly."""
    return write_problem(request, error)


async def on_http_exception(request: Request, error: HTTPException) -> Response:
    """Answer an error raised by the framework: unknown route, wrong method, unreadable body."""
    detail = DETAILS.get(error.status_code, str(error.detail))
    headers = {"Allow": _list_methods(request)} if error.status_code == 405 else error.headers
    return write_problem(request, make_problem(error.status_code, detail, headers))


async def on_aws_error(request: Request, error: ClientError | BotoCoreError) -> Response:
    """Answer a failed AWS call: 503 if a later call may succeed, else 500."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    log.failure("aws call failed", error, code=code, request_id=request.scope.get("request_id"))
    if isinstance(error, ClientError) and not _is_passing(error):
        return write_problem(request, Problem("internal", "Something broke on our side."))
    return write_problem(request, Problem("unavailable", "The store does not answer.", {"Retry-After": "1"}))


def _is_passing(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return error.response["Error"]["Code"] in _PASSING or status in _PASSING_STATUSES


async def on_validation_error(request: Request, error: RequestValidationError) -> Response:
    """Answer invalid input; each field is named by its JSON pointer or its parameter."""
    wrong = error.errors()
    if any(each["loc"][0] == "path" for each in wrong):
        return write_problem(request, Problem("not-found", DETAILS[404]))
    fields = [_describe_field(each) for each in wrong[:_MOST_FIELDS]]
    detail = f"{len(wrong)} fields are not right." if len(wrong) > 1 else "One field is not right."
    return write_problem(request, Problem("invalid", detail, errors=fields))


def _recognise(request: Request) -> None:
    """Let the error page show who is signed in, even if no route has read the session; never fails."""
    if "session" not in request.scope:
        try:
            request.scope["session"] = get_cookies(request).read_session(request)
        except (errors.RequestError, ClientError, BotoCoreError):
            request.scope["session"] = None


def _list_methods(request: Request) -> str:
    """Return all methods of the URL; the framework names only those of the first matching route."""
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    methods = [
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    found = methods or ["GET"]  # only mounted static files match
    return ", ".join(sorted([*found, *(["HEAD"] if "GET" in found else [])]))


def _describe_field(error: dict[str, Any]) -> dict[str, str]:
    place, *names = error["loc"]
    if error["type"] == "json_invalid":
        return {"detail": f"not JSON: {error['ctx']['error']} (character {names[0]})", "pointer": "#"}
    detail = error["msg"][:1].lower() + error["msg"][1:]
    if place == "body":
        return {"detail": detail, "pointer": _point_at(names)}
    return {"detail": detail, "parameter": str(names[0])}


def _point_at(names: Sequence[object]) -> str:
    """Return the JSON pointer to a field, or to its parent if the pointer would be too long."""
    pointer = "#" + "".join(f"/{_escape(name)}" for name in names)
    return pointer if len(pointer) <= _LONGEST_POINTER or not names else _point_at(names[:-1])


def _escape(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def is_for_people(request: Request) -> bool:
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")
