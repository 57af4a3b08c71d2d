"""Refusals in the shape that AWS SDKs read.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

__all__ = ["CodeDeployError"]


class CodeDeployError(Exception):
    """One AWS error, always HTTP 400: `code` as in the service model, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
