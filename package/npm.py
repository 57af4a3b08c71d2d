"""Installs npm packages for tools and tests, from a lock file without registry addresses, when the lock changes."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

from package.errors import PackageError

__all__ = ["install_npm"]

_SECONDS = 600


def install_npm(source: Path, folder: Path) -> Path:
    """Install what the `package-lock.json` in `source` names into `folder`, and return `folder`.

    Raises `PackageError` of one line if there is no npm, or if it cannot get the packages.
    """
    lock, done = (source / "package-lock.json").read_text("utf-8"), folder / "installed.json"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not done.exists() or done.read_text("utf-8") != lock:
            _install(source, folder)
            done.write_text(lock, "utf-8")
    return folder


def _install(source: Path, folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise PackageError("Node.js with npm is not on this machine")
    for file in ("package.json", "package-lock.json"):
        shutil.copy(source / file, folder)
    command = [
        npm,
        "ci",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--loglevel=error",
        f"--cache={folder / 'cache'}",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason"]
        raise PackageError(f"npm did not install what {source / 'package-lock.json'} names: {lines[0]}")
