"""What AWS refused or left out, and what each error says to the person who ran the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from doctor.system import System

__all__ = ["Explanation", "RefusedError", "UnansweredError", "explain"]

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html, in each protocol's spelling
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "NotAuthorizedException",
        "UnauthorizedOperation",
        "KMSAccessDenied",
        "KMSAccessDeniedException",
    }
)
_SIGNED_OUT = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)
#: How each service says that there is no such thing.
_MISSING = frozenset(
    {
        "ApplicationDoesNotExistException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "DeploymentGroupDoesNotExistException",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    }
)
#: How the emulator and the simulators say that they do not play a call.
_UNPLAYED = frozenset({"InvalidAction", "UnknownOperation", "UnknownOperationException", "UnsupportedOperation"})
_UNPLAYED_TEXT = ("Unknown SES v2 path", "Function not found: /")
_IAM_PREFIX = {"sesv2": "ses"}
_LONGEST = 200


class RefusedError(Exception):
    """AWS answered an operation with an error: its code, its sentence, and the HTTP status."""

    def __init__(self, service: str, operation: str, code: str, message: str, status: int) -> None:
        super().__init__(f"{code}: {message}")
        self.service = service
        self.operation = operation
        self.code = code
        self.message = message
        self.status = status

    @property
    def action(self) -> str:
        """The IAM action that the operation needs: it has the operation's own name, but API Gateway's is GET.

        https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
        """
        if self.service == "apigatewayv2":
            return "apigateway:GET"
        return f"{_IAM_PREFIX.get(self.service, self.service)}:{self.operation}"

    @property
    def denied(self) -> bool:
        """Whether the caller may not ask."""
        return self.code in _DENIED

    @property
    def missing(self) -> bool:
        """Whether there is no such thing."""
        return self.code in _MISSING and not self.unplayed

    @property
    def unplayed(self) -> bool:
        """Whether an emulator says that it does not know the operation."""
        return self.code in _UNPLAYED or self.status == 501 or self.message.startswith(_UNPLAYED_TEXT)


class UnansweredError(Exception):
    """`service` answered, and left `what` out."""

    def __init__(self, service: str, what: str) -> None:
        super().__init__(f"{service} does not tell {what}")
        self.service = service
        self.what = what


@dataclass(frozen=True, slots=True)
class Explanation:
    """An error in one line, the one thing to do, and whether it proves that something is wrong."""

    finding: str
    remedy: str
    proof: bool = False


def explain(problem: Exception, system: System) -> Explanation:
    """What an error says to a person."""
    match problem:
        case UnansweredError():
            return Explanation(
                f"not answered here: {system.player(problem.service)} does not tell {problem.what}", system.beyond
            )
        case RefusedError():
            return _refusal(problem, system)
        case NoCredentialsError() | SSOError() | TokenRetrievalError():
            return Explanation(f"not asked: nobody is signed in ({_short(problem)})", "sign in: aws sso login")
        case ConnectTimeoutError() | ReadTimeoutError() | EndpointConnectionError() | ConnectionClosedError():
            return Explanation(f"no answer came: {_short(problem)}", "look at network and proxy, then run it again")
        case BotoCoreError():
            return Explanation(f"not asked: {_short(problem)}", "look at the AWS settings")
    return Explanation(
        f"the check itself failed: {type(problem).__name__}: {_short(problem)}", "report this line", True
    )


def _refusal(problem: RefusedError, system: System) -> Explanation:
    if problem.denied:
        return Explanation(f"not seen: this caller lacks {problem.action}", f"allow {problem.action} to the caller")
    if problem.code in _SIGNED_OUT:
        return Explanation(f"not asked: nobody is signed in ({_short(problem)})", "sign in: aws sso login")
    if system.local and (problem.unplayed or problem.status >= 500):
        return Explanation(
            f"not answered here: {system.player(problem.service)} does not play {problem.operation}", system.beyond
        )
    if problem.missing:
        return Explanation(f"it is not there: {_short(problem)}", system.apply, True)
    return Explanation(f"AWS refused {problem.action}: {_short(problem)}", "run it again, or look the code up")


def _short(problem: Exception) -> str:
    text = " ".join(str(problem).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
