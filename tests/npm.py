"""Packages of npm that tests run: by a lock of their own, without addresses, installed again only when it changes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from laptop.state import ROOT
from tests.waiting import LIMIT

__all__ = ["install"]


def install(source: Path, name: str) -> Path:
    """The folder build/NAME with what the `package-lock.json` of `source` names; fails where there is no npm."""
    room = ROOT / "build" / name
    lock = (source / "package-lock.json").read_text()
    done = room / "installed.json"
    if not done.exists() or done.read_text() != lock:
        assert shutil.which("npm"), "this test needs Node.js with npm"
        room.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, room)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", f"--cache={room / 'cache'}"]
        subprocess.run(command, cwd=room, check=True, timeout=LIMIT)
        done.write_text(lock)
    return room
