"""Explains errors to the operator who runs the doctor."""

from __future__ import annotations

from dataclasses import dataclass

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)

from doctor.check_context import CheckContext
from doctor.errors import RefusedError, UnansweredError
from operations.errors import UserError

__all__ = ["Explanation", "explain"]

_SIGNED_OUT = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Explanation:
    """An error in one line, the one thing to do, and whether it proves that something is wrong."""

    finding: str
    remedy: str
    proof: bool = False


def explain(problem: Exception, context: CheckContext) -> Explanation:
    """Explain an error."""
    match problem:
        case UnansweredError():
            return Explanation(
                f"not answered here: {context.name_service(problem.service)} does not tell {problem.what}",
                context.beyond,
            )
        case RefusedError():
            return _explain_refusal(problem, context)
        case BotoCoreError():
            return _explain_unsent(problem)
        case UserError():
            return Explanation(_shorten(problem), context.apply, True)
    return Explanation(
        f"the check itself failed: {type(problem).__name__}: {_shorten(problem)}", "report this line", True
    )


def _explain_unsent(problem: BotoCoreError) -> Explanation:
    match problem:
        case NoCredentialsError() | SSOError() | TokenRetrievalError():
            return Explanation(f"not asked: nobody is signed in ({_shorten(problem)})", "sign in: aws sso login")
        case ConnectTimeoutError() | ReadTimeoutError() | EndpointConnectionError() | ConnectionClosedError():
            return Explanation(f"no answer came: {_shorten(problem)}", "look at network and proxy, then run it again")
    return Explanation(f"not asked: {_shorten(problem)}", "look at the AWS settings")


def _explain_refusal(problem: RefusedError, context: CheckContext) -> Explanation:
    if problem.denied:
        return Explanation(f"not seen: this caller lacks {problem.action}", f"allow {problem.action} to the caller")
    if problem.code in _SIGNED_OUT:
        return Explanation(f"not asked: nobody is signed in ({_shorten(problem)})", "sign in: aws sso login")
    if context.local and (problem.unplayed or problem.status >= 500):
        return Explanation(
            f"not answered here: {context.name_service(problem.service)} does not play {problem.operation}",
            context.beyond,
        )
    if problem.missing:
        return Explanation(f"it is not there: {_shorten(problem)}", context.apply, True)
    return Explanation(f"AWS refused {problem.action}: {_shorten(problem)}", "run it again, or look the code up")


def _shorten(problem: Exception) -> str:
    text = " ".join(str(problem).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
