"""Code to Lambda: update, wait, check what AWS says it got, publish. Doing it twice is doing it once."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import WaiterError

from operations.errors import UserError
from release.stack import Stack
from release.versions import move_alias

__all__ = ["Artifact", "publish", "update", "update_companions"]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A package that may be released, and the release id in its manifest."""

    path: Path
    release: str

    @property
    def content(self) -> bytes:
        return self.path.read_bytes()

    @property
    def sha256(self) -> str:
        """In base64, as Lambda reports `CodeSha256`."""
        return base64.b64encode(hashlib.sha256(self.content).digest()).decode()


def update_companions(stack: Stack, artifact: Artifact) -> None:
    """Ship the hooks, then feedback: they read what the release before and after them wrote, so they go first."""
    for function in stack.names.hooks.values():
        update(stack, function, artifact)
    version = publish(stack, stack.names.feedback, artifact)
    move_alias(stack, stack.names.feedback, version)


def publish(stack: Stack, function: str, artifact: Artifact) -> str:
    """Give a function this code and publish it; the version. Lambda publishes nothing new where nothing changed."""
    update(stack, function, artifact)
    answer = stack.functions.publish_version(
        FunctionName=function, CodeSha256=artifact.sha256, Description=artifact.release
    )
    version = answer["Version"]
    _wait_until_settled(stack, function, "published_version_active", Qualifier=version)
    return version


def update(stack: Stack, function: str, artifact: Artifact) -> None:
    """Give a function's `$LATEST` this code, unless it has it. Raises `UserError` if AWS reports another SHA-256."""
    try:
        stack.functions.get_function_configuration(FunctionName=function)
    except stack.functions.exceptions.ResourceNotFoundException:
        raise UserError(f"there is no function {function}: make apply makes it") from None
    if _wait_until_settled(stack, function, "function_updated")["CodeSha256"] == artifact.sha256:
        return
    stack.functions.update_function_code(FunctionName=function, ZipFile=artifact.content)
    reported = _wait_until_settled(stack, function, "function_updated")["CodeSha256"]
    if reported != artifact.sha256:
        raise UserError(
            f"Lambda reports the code {reported} for {function}, and {artifact.sha256} was sent: somebody else "
            "changes it too; nothing was released"
        )


def _wait_until_settled(stack: Stack, function: str, waiter: Any, **more: str) -> Any:
    """The function's configuration, once Lambda is done with the last change of it."""
    try:
        stack.functions.get_waiter(waiter).wait(
            FunctionName=function, WaiterConfig={"Delay": 1, "MaxAttempts": 300}, **more
        )
    except WaiterError as problem:
        raise UserError(f"Lambda did not take {function}'s code: {problem}") from None
    return stack.functions.get_function_configuration(FunctionName=function, **more)
