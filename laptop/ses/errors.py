"""Errors in the format that AWS SDKs parse.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
"""

from __future__ import annotations

from laptop.ses.routing import find_status

__all__ = ["SesError", "make_bad_request", "make_not_found"]


class SesError(Exception):
    """One AWS error: its `code` in the service model, AWS's message, and the HTTP `status`, by default that of the
    code.
    """

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = find_status(code) if status is None else status


def make_bad_request(message: str) -> SesError:
    """Return the error for an invalid request."""
    return SesError("BadRequestException", message)


def make_not_found(message: str) -> SesError:
    """Return the error for a resource that does not exist."""
    return SesError("NotFoundException", message)
