"""Collects the contents of a zip: the bundle's own modules, its dependencies, the compiled catalogue, the manifest."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from package.archive import MANIFEST, compute_digests
from package.bundles import Bundle
from package.bytecode import write_bytecode
from package.dependencies import install_dependencies
from package.notifications.catalogue import compile_catalogue
from package.target import BuildTarget

__all__ = ["list_contents"]


def list_contents(
    bundle: Bundle, target: BuildTarget, out: Path, release: str, notifications: Path
) -> dict[str, bytes]:
    """Every file of the bundle's zip, with these notifications, by its name in the zip. Temporary files and installed
    dependencies are in `out`."""
    with tempfile.TemporaryDirectory(dir=out) as work:
        _write_own_modules(bundle, target, Path(work), notifications)
        catalogue = json.loads((Path(work) / "function" / "compiled" / "catalogue.json").read_bytes())
        needed = bundle.for_catalogue(catalogue)
        dependencies = install_dependencies(needed, target, out / "dependencies", _describe_recipe())
        files = {**_read(dependencies), **_read(Path(work))}
    manifest = _write_manifest(bundle, target, release, files)
    return {**files, MANIFEST: (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()}


def _describe_recipe() -> str:
    names = ("dependencies.py", "bundles.py", "botocore_data.py", "stubs.py", "bytecode.py")
    return "\n".join((Path(__file__).parent / name).read_text("utf-8") for name in names)


def _write_own_modules(bundle: Bundle, target: BuildTarget, folder: Path, notifications: Path) -> None:
    for path in bundle.sources():
        copy = folder / path.relative_to(bundle.folder.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    compile_catalogue(folder / "function" / "compiled", notifications)
    write_bytecode(folder, target)


def _read(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _write_manifest(bundle: Bundle, target: BuildTarget, release: str, files: dict[str, bytes]) -> dict[str, Any]:
    return {
        "architecture": target.architecture,
        "bytecode": target.interpreter is not None,
        "packages": dict(re.findall(r"^([\w.-]+)==(\S+)", bundle.lock.read_text("utf-8"), re.MULTILINE)),
        "digests": compute_digests(files),
        "python": target.python,
        "release": release,
        "bundle": bundle.name,
        "target": target.name,
    }
