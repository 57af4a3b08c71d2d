"""How a problem is told: as a document to programs, as a page to people."""

from typing import Any, Final

from botocore.exceptions import ClientError
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from webapp import log
from webapp.api.problems import MEDIA_TYPE, Problem, of_status
from webapp.pages.rendering import page

#: What DynamoDB says when it will take the same call a moment later.
_PASSING: Final = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionCanceledException",
        "TransactionInProgressException",
    }
)

_DETAILS: Final = {404: "There is nothing at this address.", 405: "This address does not know that method."}


def problem_response(request: Request, problem: Problem) -> Response:
    """The answer to a request that failed."""
    if _is_for_people(request):
        answer = page(request, "problem.html", {"problem": problem}, problem.kind.status)
        answer.headers.update(problem.headers)
        return answer
    base_url = request.app.state.parts.settings.public_url
    document = problem.document(base_url, request.scope.get("request_id", "unknown"))
    return JSONResponse(document, problem.kind.status, problem.headers, media_type=MEDIA_TYPE)


async def on_problem(request: Request, error: Exception) -> Response:
    """A failure that Herald named itself."""
    assert isinstance(error, Problem)  # noqa: S101  # registered for this class
    return problem_response(request, error)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """A failure that the framework raised: no such route, wrong method, unreadable body."""
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for this class
    detail = _DETAILS.get(error.status_code, str(error.detail))
    return problem_response(request, of_status(error.status_code, detail, error.headers))


async def on_aws_error(request: Request, error: Exception) -> Response:
    """AWS did not do its part: for now if it says so, or says nothing; else that is a fault of ours."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
    log.error("aws call failed", code=code, error=str(error), request_id=request.scope.get("request_id"))
    if isinstance(error, ClientError) and code not in _PASSING:
        return problem_response(request, Problem("internal", "Something broke on our side."))
    return problem_response(request, Problem("unavailable", "The store does not answer.", {"Retry-After": "1"}))


async def on_validation_error(request: Request, error: Exception) -> Response:
    """Fields that are not right; each is named by its JSON pointer or its parameter."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for this class
    errors = error.errors()
    if any(each["loc"][0] == "path" for each in errors):
        return problem_response(request, Problem("not-found", _DETAILS[404]))
    told = [_field_error(each) for each in errors]
    detail = f"{len(told)} fields are not right." if len(told) > 1 else "One field is not right."
    return problem_response(request, Problem("invalid", detail, errors=told))


def _field_error(error: dict[str, Any]) -> dict[str, str]:
    place, *names = error["loc"]
    if error["type"] == "json_invalid":
        return {"detail": f"not JSON: {error['ctx']['error']} (character {names[0]})", "pointer": "#"}
    detail = error["msg"][:1].lower() + error["msg"][1:]
    if place == "body":
        return {"detail": detail, "pointer": "#" + "".join(f"/{_escape(name)}" for name in names)}
    return {"detail": detail, "parameter": str(names[0])}


def _escape(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def _is_for_people(request: Request) -> bool:
    return not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")
