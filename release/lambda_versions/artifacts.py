"""Finds what is released: a package built from this checkout, or a zip that is named."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

from operations.errors import UserError
from package import build
from package.archive import require_releasable
from package.target import Architecture
from release.lambda_versions.publish import Artifact
from release.release_context import ReleaseContext

__all__ = ["find_artifact", "read_artifact"]


def find_artifact(context: ReleaseContext, path: Path | None, say: Callable[[str], None]) -> Artifact:
    """The package to release to this context. Raises `UserError` if Lambda could not run it."""
    if context.local:
        return read_artifact(path or build("laptop", say=say).function_zip)
    architecture = cast("Architecture", _read_architecture(context))
    path = path or build("cloud", architecture, say=say).function_zip
    require_releasable(path, architecture)
    return read_artifact(path)


def read_artifact(path: Path) -> Artifact:
    """The package in this file, whatever its target. Raises `UserError` if it is not one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return Artifact(path, str(json.loads(archive.read("manifest.json"))["release"]))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        raise UserError(f"{path} is no package: make package builds one") from None


def _read_architecture(context: ReleaseContext) -> str:
    name = context.names.notify
    try:
        answer = context.functions.get_function_configuration(FunctionName=name)
    except context.functions.exceptions.ResourceNotFoundException:
        raise UserError(f"there is no {name} in {context.account}, {context.region}: make apply makes it") from None
    return str((answer.get("Architectures") or ["x86_64"])[0])
