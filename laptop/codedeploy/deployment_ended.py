"""Why a deployment ended early."""

from __future__ import annotations

from typing import Literal

__all__ = ["Halt", "failed", "stopped"]


class Halt(Exception):
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


def failed(code: str, message: str) -> Halt:
    """It failed by itself."""
    return Halt("Failed", code, message, "DEPLOYMENT_FAILURE")


def stopped(code: str, message: str, event: str) -> Halt:
    """It was stopped, by an alarm or a person."""
    return Halt("Stopped", code, message, event)
