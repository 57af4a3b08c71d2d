"""Compiles bytecode that is loaded without a check against its source, and is the same wherever it is made."""

from __future__ import annotations

import subprocess
from pathlib import Path

from package.errors import PackageError
from package.target import BuildTarget

__all__ = ["write_bytecode"]

# Run by the target's interpreter, in one process and one order: what the compiler shares between modules, and
# so the bytes, depends on both. The file names inside are relative to the package's root.
_COMPILE = """
import pathlib, py_compile, sys
for name in sys.stdin.read().splitlines():
    path = pathlib.Path(name)
    cached = path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"
    py_compile.compile(name, str(cached), name, True, 0, py_compile.PycInvalidationMode.UNCHECKED_HASH)
"""


def write_bytecode(folder: Path, target: BuildTarget) -> None:
    """Write a `__pycache__` beside every module in `folder`, unless the target has no interpreter here."""
    if target.interpreter is None:
        return
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py"))
    done = subprocess.run(
        [target.interpreter, "-S", "-P", "-W", "ignore", "-c", _COMPILE],
        input="\n".join(names),
        cwd=folder,
        env={"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackageError(f"a module does not compile: {done.stderr.strip().splitlines()[-1]}")
