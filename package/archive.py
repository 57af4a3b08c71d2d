"""Writes zips whose bytes depend only on their contents, and checks them before they go to Lambda."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from package.errors import PackageError
from package.target import LAMBDA_PYTHON, Architecture

__all__ = ["MANIFEST", "compute_digests", "require_releasable", "write_archive"]

#: The file in a zip that describes it and its contents.
MANIFEST = "manifest.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` by name: sorted, with one fixed timestamp, readable by all (Lambda runs as another user)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    work = path.with_suffix(".part")
    with zipfile.ZipFile(work, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    work.replace(path)


def compute_digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """The sha256 of each top-level entry, over names and contents; `files` are all but the manifest itself."""
    digests: dict[str, Any] = {}
    for name in sorted(files):
        digest = digests.setdefault(name.partition("/")[0], hashlib.sha256())
        digest.update(f"{name} {hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return {name: digest.hexdigest() for name, digest in digests.items()}


def require_releasable(path: Path, architecture: Architecture) -> dict[str, Any]:
    """Check a zip and return its manifest.

    Raises `PackageError` if Lambda could not run it or would start it slowly, or if it was changed after it was built.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
            manifest: dict[str, Any] = json.loads(files.pop(MANIFEST))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise PackageError(f"{path} is no package: run make package TARGET=cloud") from error
    if reason := _explain(manifest, architecture) or _find_change(manifest, files):
        raise PackageError(f"{path} {reason}: run make package TARGET=cloud")
    return manifest


def _explain(manifest: dict[str, Any], architecture: Architecture) -> str | None:
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
    return None if manifest["digests"] == compute_digests(files) else "was changed after it was built"
