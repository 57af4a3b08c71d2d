"""Which modules of other bundles a bundle imports, directly or through others: they go into its package with it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["FOLLOWED", "find_imported_modules"]

_ROOT = Path(__file__).parents[1]
#: Packages whose modules are followed; everything else is a dependency, or the bundle itself.
FOLLOWED = ("function", "operations")


def find_imported_modules(folder: Path) -> list[Path]:
    """The files outside `folder` that its modules need, sorted."""
    found: set[Path] = set()
    unread = list(folder.rglob("*.py"))
    while unread:
        new = {path for path in _find_imports(unread.pop()) if path not in found and not path.is_relative_to(folder)}
        found |= new
        unread.extend(new)
    return sorted(found)


def _find_imports(module: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(module.read_bytes())):
        match node:
            case ast.Import(names):
                yield from _files(alias.name for alias in names)
            case ast.ImportFrom(str(package), names, 0):
                yield from _files([package, *(f"{package}.{alias.name}" for alias in names)])


def _files(names: Iterable[str]) -> Iterator[Path]:
    """The files of dotted names, and of the packages that they lie in; a name that is no module has none."""
    for name in names:
        parts = name.split(".")
        if parts[0] in FOLLOWED:
            inits = (_ROOT.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts) + 1))
            yield from (path for path in (*inits, _ROOT.joinpath(*parts).with_suffix(".py")) if path.is_file())
