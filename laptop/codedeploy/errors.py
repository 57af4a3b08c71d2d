"""Why a call is refused, and why a deployment ends early.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html
"""

from __future__ import annotations

from typing import Literal

__all__ = ["CodeDeployError", "DeploymentEnded", "make_failure", "stop"]


class CodeDeployError(Exception):
    """One AWS error, always HTTP 400: `code` as in the service model, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class DeploymentEnded(Exception):
    """A deployment's end before its time; `code` is one of the service model's error codes.

    `event` is what an automatic rollback can be configured for.
    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html
    """

    def __init__(self, status: Literal["Failed", "Stopped"], code: str, message: str, event: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.event = event


def make_failure(code: str, message: str) -> DeploymentEnded:
    """It failed by itself."""
    return DeploymentEnded("Failed", code, message, "DEPLOYMENT_FAILURE")


def stop(code: str, message: str, event: str) -> DeploymentEnded:
    """It was stopped, by an alarm or a person."""
    return DeploymentEnded("Stopped", code, message, event)
