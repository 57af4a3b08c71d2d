"""Where tests build packages."""

from __future__ import annotations

from pathlib import Path

from package.build import BUILD

__all__ = ["with_dependencies"]


def with_dependencies(out: Path) -> Path:
    """This folder, as one to build into; the dependencies are kept where `make package` keeps them."""
    (BUILD / "dependencies").mkdir(parents=True, exist_ok=True)
    (out / "dependencies").symlink_to(BUILD / "dependencies")
    return out
