"""No module of a few lines that only its neighbour uses: its code belongs into that one."""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("doctor", "function", "herald", "laptop", "operations", "package", "release", "webapp")
FEW = 45


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, cache_dir=None)


def read(module: str) -> str:
    path = ROOT / f"{module.replace('.', '/')}.py"
    return path.read_text() if path.exists() else ""


def imports_at_once(importer: str, module: str) -> bool:
    """Whether the importer loads the module with itself, rather than only where it is wanted."""
    folder, _, name = module.rpartition(".")
    return any(
        statement.module == module
        or (statement.module == folder and any(each.name == name for each in statement.names))
        for statement in ast.parse(read(importer)).body
        if isinstance(statement, ast.ImportFrom)
    )


def find_small_modules(graph: grimp.ImportGraph) -> list[str]:
    """Modules of under `FEW` lines whose one importer is beside them in the same folder."""
    small = [module for module in sorted(graph.modules) if 0 < len(read(module).splitlines()) < FEW]
    importers = {module: graph.find_modules_that_directly_import(module) for module in small}
    return [
        module
        for module in small
        if len(importers[module]) == 1
        for importer in importers[module]
        if importer.rpartition(".")[0] == module.rpartition(".")[0] and imports_at_once(importer, module)
    ]


def test_what_only_a_neighbour_uses_is_in_that_neighbour(graph: grimp.ImportGraph) -> None:
    assert find_small_modules(graph) == []
