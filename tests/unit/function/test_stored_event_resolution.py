"""A delivery whose digest is closed while its event cannot be read yet: it comes back, and never loops for ever."""

from __future__ import annotations

from typing import Any

import pytest

from function.delivery.stored_event_resolution import resolve_stored_event
from function.event.envelope import Delivery
from function.ledger.table import Contended

DIGEST = Delivery("digest-2", "", in_ledger=True, instead_of="digest-1")


class Ledger:
    """Keeps the event of `digest-2`; that of `digest-1` can be read from read number `found_at` on."""

    def __init__(self, found_at: int) -> None:
        self.found_at, self.reads = found_at, 0

    def read(self, _: str) -> None:
        return None

    def read_event(self, message_id: str) -> str | None:
        if message_id == "digest-2":
            return "kept"
        self.reads += 1
        return "kept" if self.reads >= self.found_at else None


def read(ledger: Any) -> Any:
    return resolve_stored_event(DIGEST, ledger, None, lambda: "owner")


def test_an_event_that_was_not_there_at_first_is_read_once_more() -> None:
    ledger = Ledger(found_at=2)
    assert read(ledger).body == "kept"
    assert ledger.reads == 2


def test_an_event_that_does_not_appear_is_held_for_a_later_receive() -> None:
    with pytest.raises(Contended):
        read(Ledger(found_at=100))
