"""Suppression by tenant, each with one fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from function.ledger.attempt import Attempt
from function.ledger.keys import own_list_key
from function.ledger.ledger import Ledger, Writes
from function.ledger.record import TimelineRow
from function.ledger.states import Action

__all__ = ["ListsForAll", "ListsForOneTenant", "LooksAtTheListOfAll"]

WriteRequest = dict[str, Any]


def _for_all(key: str) -> str:
    """The key of the list of all, from that of a tenant's."""
    return "#".join(key.split("#")[:2])


class ListsForAll(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[WriteRequest]:
        return super().apply_feedback(message_id, action, row, suppress and _for_all(suppress), attempt)


class ListsForOneTenant(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[WriteRequest]:
        key = suppress and own_list_key(_for_all(suppress), "p")
        return super().apply_feedback(message_id, action, row, key, attempt)


class LooksAtTheListOfAll(Ledger):
    def claim(self, attempt: Attempt) -> Any:
        return super().claim(replace(attempt, address=_for_all(attempt.address)))
