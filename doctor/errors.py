"""Errors for what AWS refused or left out of an answer."""

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
#: Each service's code for a resource that does not exist.
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
#: Codes of the emulator and the simulators for an operation that they do not implement.
_UNPLAYED = frozenset({"InvalidAction", "UnknownOperation", "UnknownOperationException", "UnsupportedOperation"})
_UNPLAYED_TEXT = ("Unknown SES v2 path", "Function not found: /")
_IAM_PREFIX = {"sesv2": "ses"}


class RefusedError(Exception):
    """AWS answered an operation with an error: its code, its message, and the HTTP status."""

    def __init__(self, service: str, operation: str, code: str, message: str, status: int) -> None:
        super().__init__(f"{code}: {message}")
        self.service = service
        self.operation = operation
        self.code = code
        self.message = message
        self.status = status

    @property
    def action(self) -> str:
        """The IAM action that the operation needs: named like the operation, except for API Gateway, where it is GET.

        https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
        """
        if self.service == "apigatewayv2":
            return "apigateway:GET"
        return f"{_IAM_PREFIX.get(self.service, self.service)}:{self.operation}"

    @property
    def denied(self) -> bool:
        """Whether the caller lacks the permission."""
        return self.code in _DENIED

    @property
    def missing(self) -> bool:
        """Whether the resource does not exist."""
        return self.code in _MISSING and not self.unplayed

    @property
    def unplayed(self) -> bool:
        """Whether an emulator does not implement the operation."""
        return self.code in _UNPLAYED or self.status == 501 or self.message.startswith(_UNPLAYED_TEXT)


class UnansweredError(Exception):
    """`service` answered, but left out `what`."""

    def __init__(self, service: str, what: str) -> None:
        super().__init__(f"{service} does not tell {what}")
        self.service = service
        self.what = what
