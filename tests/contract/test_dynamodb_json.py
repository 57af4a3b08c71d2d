"""DynamoDB's typed JSON is written and read in one module: nobody else spells an attribute's type."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from function.ledger import attributes

ROOT = Path(__file__).parents[2]
#: What is made for tests and measurements has items by hand, so that a fault of the module does not hide there.
OTHERS = {"bench", "fakes", "tests"}
#: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
TYPES = {"B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"}
BY_HAND = {
    Path(attributes.__file__).relative_to(ROOT).as_posix(): "the one module",
    "webapp/aws/table.py": "the pattern of a filter, which has a list where an attribute has its value",
}


def find_typed(source: str) -> Iterator[int]:
    """The lines that name the type of an attribute: in a key, a call of `get` or a mapping with nothing else."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Subscript(slice=ast.Constant(value=str(name)))
                | ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(name)), *_])
                | ast.Dict(keys=[ast.Constant(value=str(name))])
            ) if name in TYPES:
                yield node.lineno


@pytest.mark.parametrize("line", ['item["pk"]["S"]', 'int(item["at"]["N"])', 'item["x"].get("S", "")', '{"S": "x"}'])
def test_an_attribute_by_hand_is_found(line: str) -> None:
    assert list(find_typed(line)) == [1]


def test_items_are_written_and_read_in_one_module() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - OTHERS
    files = {path.relative_to(ROOT).as_posix(): path for name in packages for path in (ROOT / name).rglob("*.py")}
    found = {name: lines for name, path in files.items() if (lines := list(find_typed(path.read_text("utf-8"))))}
    assert found.keys() - BY_HAND.keys() == set(), found
    assert BY_HAND.keys() <= found.keys()
