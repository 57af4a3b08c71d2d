"""What AWS refused or left out, as errors."""

from __future__ import annotations

__all__ = ["RefusedError", "UnansweredError"]

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
