"""Packages of npm that tests run, in build/NAME."""

from __future__ import annotations

from pathlib import Path

from laptop.state import ROOT
from package.npm import install_npm

__all__ = ["install"]


def install(source: Path, name: str) -> Path:
    """The folder build/NAME with what the `package-lock.json` of `source` names; fails where there is no npm."""
    return install_npm(source, ROOT / "build" / name)
