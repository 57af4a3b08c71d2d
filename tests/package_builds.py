"""How tests build packages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from package import Package
from package.build import BUILD
from package.target import Architecture

__all__ = ["Packages", "link_dependencies"]

Packages = Callable[[Architecture], Package]


def link_dependencies(out: Path) -> Path:
    """This folder, as one to build into; the dependencies are kept where `make package` keeps them."""
    (BUILD / "dependencies").mkdir(parents=True, exist_ok=True)
    (out / "dependencies").symlink_to(BUILD / "dependencies")
    return out
