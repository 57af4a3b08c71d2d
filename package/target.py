"""The target that a package is built for: Lambda, or the interpreter that runs the laptop cloud."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["LAMBDA_PYTHON", "Architecture", "BuildTarget", "TargetName", "choose_cloud", "choose_laptop"]

#: Lambda's runtime `python3.13`, which runs on Amazon Linux 2023 (glibc 2.34).
LAMBDA_PYTHON = "3.13"
_GLIBC_MINORS = range(34, 16, -1)

TargetName = Literal["cloud", "laptop"]
Architecture = Literal["arm64", "x86_64"]


@dataclass(frozen=True, slots=True)
class BuildTarget:
    """`python` is the version in the package's manifest: with the patch level if `interpreter` writes bytecode.

    `platforms` are the tags of acceptable wheels, the best first; empty means those of the running interpreter.
    """

    name: TargetName
    python: str
    architecture: str
    platforms: tuple[str, ...]
    interpreter: str | None


def choose_laptop() -> BuildTarget:
    """Target the interpreter that runs this: ministack runs functions with it."""
    return BuildTarget("laptop", platform.python_version(), platform.machine(), (), sys.executable)


def choose_cloud(architecture: Architecture) -> BuildTarget:
    """Target Lambda. Only an interpreter of Lambda's Python version can write the bytecode, if there is one here."""
    machine = {"arm64": "aarch64", "x86_64": "x86_64"}[architecture]
    platforms = (*(f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS), f"manylinux2014_{machine}")
    for candidate in _list_candidates():
        if found := _ask_version(candidate):
            version, interpreter = found
            return BuildTarget("cloud", version, architecture, platforms, interpreter)
    return BuildTarget("cloud", LAMBDA_PYTHON, architecture, platforms, None)


def _list_candidates() -> Iterator[str]:
    if platform.python_version().startswith(f"{LAMBDA_PYTHON}."):
        yield sys.executable
    if found := shutil.which(f"python{LAMBDA_PYTHON}"):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(map(str, pyenv.glob(f"{LAMBDA_PYTHON}.*/bin/python")), reverse=True)


def _ask_version(candidate: str) -> tuple[str, str] | None:
    """The version and real path of an interpreter, if it is of Lambda's Python version. What PATH finds may be a shim,
    which leads elsewhere when run in another environment."""
    question = [candidate, "-I", "-S", "-c", "import platform, sys; print(platform.python_version(), sys.executable)"]
    answer = subprocess.run(question, capture_output=True, text=True, check=False).stdout.strip()
    version, _, interpreter = answer.partition(" ")
    return (version, interpreter) if version.startswith(f"{LAMBDA_PYTHON}.") and interpreter else None
