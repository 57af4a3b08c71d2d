"""Errors of operations, and reasons for the early end of a deployment.

https://docs.aws.amazon.com/codedeploy/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html
"""

from __future__ import annotations

from typing import Literal

__all__ = ["CodeDeployError", "DeploymentEnded", "make_deployment_failure", "stop"]


class CodeDeployError(Exception):
    """One AWS error, always with HTTP status 400; `code` is as in the service model."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class DeploymentEnded(Exception):
    """The early end of a deployment; `code` is one of the service model's error codes.

    `event` is the event for which automatic rollback can be configured.
    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ErrorInformation.html
    """

    def __init__(self, status: Literal["Failed", "Stopped"], code: str, message: str, event: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.event = event


def make_deployment_failure(code: str, message: str) -> DeploymentEnded:
    """Return the end of a deployment that failed by itself."""
    return DeploymentEnded("Failed", code, message, "DEPLOYMENT_FAILURE")


def stop(code: str, message: str, event: str) -> DeploymentEnded:
    """Return the end of a deployment that was stopped by an alarm or on request."""
    return DeploymentEnded("Stopped", code, message, event)
