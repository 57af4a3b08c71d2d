"""docs/peers.md names tests that there are: every row has at least one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.defined_tests import list_defined_tests

PAGE = Path(__file__).parents[2] / "docs" / "peers.md"
_LINK = re.compile(r"\[(test_\w+)\]\(([^)]+)\)")


def rows() -> list[str]:
    """The rows of every table but the one that is measured."""
    written = PAGE.read_text("utf-8").partition("<!-- /side-by-side -->")[2]
    return [line for line in written.splitlines() if line.startswith("| ") and not line.startswith(("| case", "| mis"))]


def test_every_case_of_every_table_is_there() -> None:
    assert len(rows()) >= 43


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[2:42])
def test_a_row_is_held_by_tests_that_there_are(row: str) -> None:
    named = _LINK.findall(row)
    assert named
    for test, file in named:
        assert test in list_defined_tests((PAGE.parent / file).resolve()), f"{file} has no {test}"
