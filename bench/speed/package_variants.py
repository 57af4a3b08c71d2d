"""Prepares the folders to measure: the unpacked packages, with and without each optimisation, and the references'
libraries.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

from package import PackageError, build
from package.notifications.schemas import read_data_schema
from package.target import Architecture, BuildTarget, choose_cloud, choose_laptop

__all__ = ["ROOT", "PackageVariants", "prepare"]

ROOT = Path(__file__).parents[2]
_LOCK = ROOT / "bench" / "references-requirements.txt"
_ARCHITECTURES: dict[str, Architecture] = {"aarch64": "arm64", "arm64": "arm64", "x86_64": "x86_64", "AMD64": "x86_64"}
_DATA, _UNUSED = "botocore/data", ("botocore/docs", "urllib3/http2", "dateutil/parser")


@dataclass(frozen=True, slots=True)
class PackageVariants:
    """The folders for one Python; `slower` has the function's package without each of its optimisations."""

    python: str
    interpreter: str
    function: Path
    webapp: Path
    reference: Path
    sources: Path
    zip_bytes: int
    slower: dict[str, Path]

    @property
    def reference_without_bytecode(self) -> Path:
        """The references' libraries without bytecode, as in a zip made without compiling."""
        return self.reference.with_name("reference-no-bytecode")


def prepare(work: Path, *, quick: bool = False) -> list[PackageVariants]:
    """Build, unpack and install for this Python and, unless `quick`, also for Lambda's if it is installed."""
    targets = [choose_laptop()] if quick else [choose_laptop(), choose_cloud(_ARCHITECTURES[platform.machine()])]
    found = {target.python: target for target in reversed(targets) if target.interpreter}
    return [_build_variants(target, work / version, quick) for version, target in sorted(found.items())]


def _build_variants(target: BuildTarget, work: Path, quick: bool) -> PackageVariants:
    assert target.interpreter
    package = build(target.name, _ARCHITECTURES[platform.machine()])
    function = _unpack(package.function_zip, work / "function")
    reference = _install(target, work)
    return PackageVariants(
        target.python,
        target.interpreter,
        function,
        _unpack(package.webapp_zip, work / "webapp"),
        reference,
        _copy_sources(function, work / "sources"),
        package.function.size,
        {} if quick else _build_slower(function, reference, work),
    )


def _unpack(archive: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def _install(target: BuildTarget, work: Path) -> Path:
    """Install the references' libraries with pip, with bytecode."""
    folder = work / f"reference-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]}"
    if folder.exists():
        return folder
    command = [str(target.interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--require-hashes", "--compile", "--target", str(folder), "--requirement", str(_LOCK)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise PackageError(f"the references were not installed: {done.stderr.strip().splitlines()[-1:]}")
    return folder


def _copy_sources(function: Path, folder: Path) -> Path:
    """Copy the schemas and templates for the references: the same from which Herald's are compiled."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(function / "function" / "compiled" / "catalogue.json", folder / "catalogue.json")
    shutil.copyfile(ROOT / "function" / "contracts" / "event.schema.json", folder / "event.schema.json")
    schema = read_data_schema(ROOT / "function" / "notifications" / "book.created" / "schema.json")
    (folder / "book.created.json").write_text(json.dumps(schema))
    return folder


def _build_slower(function: Path, reference: Path, work: Path) -> dict[str, Path]:
    """Build the package without each of the build's optimisations, and the references' libraries without bytecode."""
    bare, whole, used = work / "no-bytecode", work / "whole-data", work / "whole-libraries"
    for folder in (bare, whole, used, work / "reference-no-bytecode"):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(function, bare, copy_function=os.link, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(reference, work / "reference-no-bytecode", copy_function=os.link, ignore=_list_ignored)
    for folder, parts in ((whole, [_DATA]), (used, _UNUSED)):
        shutil.copytree(function, folder, copy_function=os.link)
        for part in parts:
            shutil.rmtree(folder / part)
            shutil.copytree(reference / part, folder / part, copy_function=os.link)
    return {"bytecode": bare, "botocore's data cut": whole, "unused modules left out": used}


def _list_ignored(folder: str, names: list[str]) -> set[str]:
    """Return the names to leave out: bytecode, and the data of botocore's unused services."""
    kept = {"dynamodb", "sesv2", "sso-oidc"}
    services = Path(folder).parts[-2:] == ("botocore", "data")
    return {
        name
        for name in names
        if name == "__pycache__" or (services and name not in kept and (Path(folder) / name).is_dir())
    }
