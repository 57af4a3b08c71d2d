"""Installs a bundle's locked dependencies for a target, cut to what the bundle needs; cached under `build/`."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from package.botocore_data import cut_data
from package.bundles import Bundle, keeps
from package.bytecode import write_bytecode
from package.errors import PackageError
from package.stubs import STUBS
from package.target import LAMBDA_PYTHON, BuildTarget

__all__ = ["install_dependencies", "refuse_markers"]

# pip evaluates markers for the Python that runs it, not for the target; these have the same value on both.
_HARMLESS = re.compile(r"(platform_python_implementation|implementation_name) != 'PyPy'( and |$)")


def install_dependencies(bundle: Bundle, target: BuildTarget, store: Path, recipe: str) -> Path:
    """The folder with the bundle's dependencies and their bytecode, made once for a lock, a target and a recipe.

    Raises `PackageError` if pip cannot install them: no network, or no wheel for the target.
    """
    lock = bundle.lock.read_text("utf-8")
    services = " ".join(sorted(bundle.services))
    what = f"{recipe}\n{bundle.name} {services}\n{target.name} {target.python} {target.architecture}\n{lock}"
    folder = store / hashlib.sha256(what.encode()).hexdigest()[:24]
    if not folder.exists():
        refuse_markers(lock, bundle)
        store.mkdir(parents=True, exist_ok=True)
        with _lock(store):  # a parallel build may need the same
            if not folder.exists():
                _make(bundle, target, folder)
    return folder


@contextmanager
def _lock(store: Path) -> Iterator[None]:
    opened = os.open(store, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


def _make(bundle: Bundle, target: BuildTarget, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        _install(bundle, target, Path(work) / "all")
        _cut(bundle, Path(work) / "all", Path(work) / "cut")
        if bundle.operations:
            cut_data(Path(work) / "cut" / "botocore" / "data", bundle.operations)
        write_bytecode(Path(work) / "cut", target)
        (Path(work) / "cut").rename(folder)


def refuse_markers(lock: str, bundle: Bundle) -> None:
    """Raise `PackageError` if what this lock installs depends on the Python that runs pip."""
    for marker in re.findall(r"^\S+ ; (.+?) *\\$", lock, re.MULTILINE):
        if _HARMLESS.sub("", marker):
            raise PackageError(f"{bundle.name}/requirements.txt: the marker {marker!r} depends on who builds it")


def _install(bundle: Bundle, target: BuildTarget, folder: Path) -> None:
    platforms = [argument for tag in target.platforms for argument in ("--platform", tag)]
    foreign = [*platforms, "--python-version", LAMBDA_PYTHON, "--implementation", "cp"] if platforms else []
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--only-binary=:all:", "--require-hashes", "--no-deps", "--no-compile"]
    command += [*foreign, "--target", str(folder), "--requirement", str(bundle.lock)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "TMPDIR": str(folder.parent)}
    )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        reason = errors[-1].removeprefix("ERROR: ") if errors else "pip failed"
        raise PackageError(f"{bundle.name}'s dependencies for {target.architecture} were not installed: {reason}")


def _cut(bundle: Bundle, full: Path, cut: Path) -> None:
    for path in sorted(full.rglob("*")):
        name = path.relative_to(full)
        if path.is_file() and keeps(bundle, PurePosixPath(name.as_posix())):
            (cut / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, cut / name)
            if bundle.operations and name.as_posix() in STUBS:
                (cut / name).write_text(STUBS[name.as_posix()], "utf-8", newline="\n")
