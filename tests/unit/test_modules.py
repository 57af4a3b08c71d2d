"""How modules are cut: none of a few lines that only its neighbour uses, and each says what it exports."""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("bench", "doctor", "fakes", "function", "herald", "laptop", "operations", "package", "release", "webapp")
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
    """Modules of under `FEW` lines whose one importer is beside them in the same folder; the crash matrix, which is in
    tests, compares with references of `bench`, too."""
    code = [module for module in sorted(graph.modules) if not module.startswith("bench.")]
    small = [module for module in code if 0 < len(read(module).splitlines()) < FEW]
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


def exports(tree: ast.Module) -> bool:
    targets = [target for each in tree.body if isinstance(each, ast.Assign) for target in each.targets]
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)


def test_each_module_that_another_imports_says_what_it_exports(graph: grimp.ImportGraph) -> None:
    imported = [module for module in graph.modules if graph.find_modules_that_directly_import(module)]
    code = {module: ast.parse(read(module)) for module in imported if read(module)}
    assert [module for module, tree in sorted(code.items()) if not exports(tree)] == []
