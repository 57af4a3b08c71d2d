"""An event that can be no mail is found by its reader's address and its own names: in its record and in its letter."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.example_events import SECRET, event, example
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.ledger.keys import address_key
from function.ledger.states import State
from function.message.catalogue import Catalogue

ADA = address_key(SECRET, "ada@example.com")
NAMES = ("urn:herald:webapp", "01JD6Q1M4X9Z8T7V5R3N2K0B4C", "books/01JD6Q1M4X9Z8T7V5R3N2K0B4C")


def data(email: object = "ada@example.com") -> dict[str, Any]:
    """Data without its book: no mail comes of it."""
    return {"recipient": {**example()["recipient"], "email": email}}


@pytest.fixture
def world(catalogue: Catalogue) -> InMemoryHerald:
    return InMemoryHerald(MemoryTable(), catalogue)


@pytest.mark.parametrize(
    "broken",
    [
        event(data=data()),
        event(type_="book.burnt", data=data()),
        event(time="yesterday", data=data()),
        event(specversion=2, data=data("  ADA@example.com")),
        event(id=17, data=data()),
    ],
    ids=["breaks its schema", "type unknown", "no time", "no event", "an id that is no text"],
)
def test_whom_an_invalid_event_names_is_found_by_the_address(world: InMemoryHerald, broken: dict[str, Any]) -> None:
    world.deliver(delivery(value=broken))
    record = world.record()
    assert (record.state, record.address) == (State.REJECTED, ADA)
    id_ = None if broken["id"] == 17 else NAMES[1]
    assert (record.source, record.id, record.subject) == (NAMES[0], id_, NAMES[2])
    letter = world.dead.letters[0]
    assert (letter.attributes["source"], letter.attributes.get("id")) == (NAMES[0], id_)
    assert "ada@example.com" not in str(letter.attributes)


@pytest.mark.parametrize("email", [None, 7, ["ada@example.com"], {"a": 1}, "\ud800@example.com"])
def test_what_is_no_address_is_hashed_as_none(world: InMemoryHerald, email: object) -> None:
    world.deliver(delivery(value=event(data=data(email))))
    assert world.record().address is None


@pytest.mark.parametrize("value", ["[]", "null", '"text"', "{", '{"data": []}', '{"data": {"recipient": "x"}}'])
def test_what_names_nobody_is_rejected_all_the_same(world: InMemoryHerald, value: str) -> None:
    world.deliver(delivery(value=value))
    assert (world.state(), world.record().address) == (State.REJECTED, None)


def test_names_that_the_ledger_cannot_keep_are_left_out(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=event(id="a\ud800", source="x" * 2000, subject="two\nlines")))
    record = world.record()
    assert (record.source, record.id, record.subject) == (None, None, None)
