"""Ships code to Lambda: update, wait, check the hash that AWS reports, publish. All of it is idempotent."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import WaiterError

from operations.errors import UserError
from release.release_context import ReleaseContext

__all__ = ["Artifact", "compute_sha256", "publish", "update"]


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
        """The SHA-256 of the zip in base64, as Lambda reports `CodeSha256`."""
        return compute_sha256(self.content)


def compute_sha256(content: bytes) -> str:
    """The SHA-256 of a zip in base64, as Lambda reports it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def publish(context: ReleaseContext, function: str, artifact: Artifact) -> str:
    """Update a function, publish it and return the version. Lambda publishes no new version if nothing changed."""
    update(context, function, artifact.content)
    answer = context.functions.publish_version(
        FunctionName=function, CodeSha256=artifact.sha256, Description=artifact.release
    )
    version = answer["Version"]
    _wait_until_settled(context, function, "published_version_active", Qualifier=version)
    return version


def update(context: ReleaseContext, function: str, content: bytes) -> None:
    """Update a function's `$LATEST`, unless it has this code. Raises `UserError` if AWS reports another SHA-256."""
    try:
        context.functions.get_function_configuration(FunctionName=function)
    except context.functions.exceptions.ResourceNotFoundException:
        raise UserError(f"there is no function {function}: make apply makes it") from None
    sent = compute_sha256(content)
    if _wait_until_settled(context, function, "function_updated")["CodeSha256"] == sent:
        return
    context.functions.update_function_code(FunctionName=function, ZipFile=content)
    reported = _wait_until_settled(context, function, "function_updated")["CodeSha256"]
    if reported != sent:
        raise UserError(
            f"Lambda reports the code {reported} for {function}, and {sent} was sent: somebody else "
            "changes it too; nothing was released"
        )


def _wait_until_settled(context: ReleaseContext, function: str, waiter: Any, **more: str) -> Any:
    """Wait until Lambda has applied the last change, and return the function's configuration."""
    try:
        context.functions.get_waiter(waiter).wait(
            FunctionName=function, WaiterConfig={"Delay": 1, "MaxAttempts": 300}, **more
        )
    except WaiterError as problem:
        raise UserError(f"Lambda did not take {function}'s code: {problem}") from None
    return context.functions.get_function_configuration(FunctionName=function, **more)
