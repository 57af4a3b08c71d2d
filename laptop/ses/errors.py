"""Refusals in the shape that AWS SDKs read.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html
"""

from __future__ import annotations

from laptop.ses.service_model import find_status

__all__ = ["SesError", "make_bad_request", "make_not_found"]


class SesError(Exception):
    """One AWS error: `code` as in the service model, the HTTP `status` that belongs to it, and AWS's sentence."""

    def __init__(self, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = find_status(code) if status is None else status


def make_bad_request(message: str) -> SesError:
    """The request itself is wrong."""
    return SesError("BadRequestException", message)


def make_not_found(message: str) -> SesError:
    """What the request names does not exist."""
    return SesError("NotFoundException", message)
