"""Every attack is tried on the running web app, and ends as docs/attacks.md says."""

from __future__ import annotations

import re

import pytest

from laptop.cloud import LaptopCloud
from laptop.state import ROOT
from tests.stack.conftest import Herald
from tests.stack.events import new_address
from tests.stack.webapp import attacks_on_accounts, attacks_on_pages  # noqa: F401  they add their own
from tests.stack.webapp.attacks import ATTACKS, Field
from tests.stack.webapp.conftest import Reader, tokens_of


@pytest.fixture
def field(herald: Herald, cloud: LaptopCloud, reader: Reader) -> Field:
    address = new_address()
    mallory = Reader(herald, address, tokens_of(cloud, address, name="Mallory")["id"])
    return Field(herald, cloud, reader, reader.add_book(), mallory)


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(field: Field, name: str) -> None:
    try_it, outcome = ATTACKS[name]
    assert try_it(field) == outcome
    with field.victim.client() as web:
        assert web.get(field.path).json()["title"] == field.book["title"]


def test_the_page_lists_every_attack_with_its_outcome() -> None:
    page, _, _ = (ROOT / "docs" / "attacks.md").read_text().partition("\n## ")
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    told = {name.removeprefix("| "): outcome.removesuffix(" |") for name, outcome in rows[1:]}
    assert told == {name: outcome for name, (_, outcome) in ATTACKS.items()}


def test_what_is_tried_in_one_process_is_tried_by_the_test_that_is_named() -> None:
    _, _, page = (ROOT / "docs" / "attacks.md").read_text().partition("\n## ")
    named = re.findall(r"\[`(test_\w+)`\]\(\.\./([\w/]+\.py)\) \|", page)
    assert len(named) == page.count("\n| ") - 1
    for name, path in named:
        assert f"\ndef {name}(" in (ROOT / path).read_text(), name
