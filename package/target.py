"""What a package is built for: Lambda, or the interpreter that runs the laptop cloud."""

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
    """`python` is the version that the package says it is for: with its patch if `interpreter` wrote bytecode.

    `platforms` are the tags of the wheels that may go in, the best first; none means the running interpreter's.
    """

    name: TargetName
    python: str
    architecture: str
    platforms: tuple[str, ...]
    interpreter: str | None


def choose_laptop() -> BuildTarget:
    """The interpreter that runs this: ministack runs functions with it."""
    return BuildTarget("laptop", platform.python_version(), platform.machine(), (), sys.executable)


def choose_cloud(architecture: Architecture) -> BuildTarget:
    """Lambda. Bytecode can only be written by an interpreter of Lambda's own Python, if there is one here."""
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
    """Version and own path of this interpreter, if it is of Lambda's Python. What is found on the path may be a shim,
    which leads elsewhere as soon as another environment runs it."""
    question = [candidate, "-I", "-S", "-c", "import platform, sys; print(platform.python_version(), sys.executable)"]
    answer = subprocess.run(question, capture_output=True, text=True, check=False).stdout.strip()
    version, _, interpreter = answer.partition(" ")
    return (version, interpreter) if version.startswith(f"{LAMBDA_PYTHON}.") and interpreter else None
