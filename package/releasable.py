"""Whether a zip may go to Lambda."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from package.errors import PackageError
from package.manifest import MANIFEST, digests
from package.target import LAMBDA_PYTHON, Architecture

__all__ = ["require_releasable"]


def require_releasable(path: Path, architecture: Architecture) -> dict[str, Any]:
    """The manifest of this zip.

    Raises `PackageError` if Lambda could not run it or would start it slowly, or if its content is not what was built.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
            manifest: dict[str, Any] = json.loads(files.pop(MANIFEST))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise PackageError(f"{path} is no package: run make package TARGET=cloud") from error
    if reason := _reason(manifest, architecture) or _find_change(manifest, files):
        raise PackageError(f"{path} {reason}: run make package TARGET=cloud")
    return manifest


def _reason(manifest: dict[str, Any], architecture: Architecture) -> str | None:
    if manifest["target"] != "cloud":
        return "was built for the laptop, not for Lambda"
    if not f"{manifest['python']}.".startswith(f"{LAMBDA_PYTHON}."):
        return f"was built for Python {manifest['python']}, and Lambda's is {LAMBDA_PYTHON}"
    if manifest["architecture"] != architecture:
        return f"was built for {manifest['architecture']}, and the function runs on {architecture}"
    if not manifest["bytecode"]:
        return f"has no bytecode, because there was no Python {LAMBDA_PYTHON} where it was built"
    return None


def _find_change(manifest: dict[str, Any], files: dict[str, bytes]) -> str | None:
    return None if manifest["digests"] == digests(files) else "was changed after it was built"
