"""Each Terraform module has a README, and its tables are those that its files give."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.readmes import MODULES, with_tables


@pytest.mark.parametrize("folder", MODULES, ids=lambda folder: folder.name)
def test_the_tables_of_a_readme_are_those_of_its_files(folder: Path) -> None:
    text = (folder / "README.md").read_text("utf-8")
    assert text == with_tables(text, folder), "make infra-docs writes them anew"


def test_the_root_every_module_and_every_example_are_held_to_it() -> None:
    assert {folder.name for folder in MODULES} >= {"infra", "notifier", "webapp", "notifier-alone"}
