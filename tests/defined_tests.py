"""Which tests a file holds, so that a page that names one can be held to it."""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["list_defined_tests"]


def list_defined_tests(path: Path) -> set[str]:
    """The names of the test functions in a file, those of its classes included; none where there is no file."""
    if not path.is_file():
        return set()
    functions = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef))
    return {node.name for node in functions if node.name.startswith("test_")}
