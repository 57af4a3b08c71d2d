"""What a provider never tried, given to the next one with one fault each."""

from __future__ import annotations

from typing import Any

from function.ledger.attempt import Attempt, Duplicate
from function.ledger.ledger import Ledger, Writes
from function.ledger.record import Record
from function.providers.failover import Failover
from function.webhook import WebhookHandler
from tests.model.broken_ledger import rewrite_condition
from tests.model.herald import Code

__all__ = ["BelievesAnybody", "GoesUpTheList", "LosesWhatWasPassedOn", "NobodyIsToldOfATry", "pass_on_what_was_tried"]


def pass_on_what_was_tried() -> Code:
    """Once it was looked at, a report that comes in between changes nothing."""

    class Seeded(Writes):
        def _link_next_provider(self, attempt: Attempt, before: Record, now: int) -> Any:
            return rewrite_condition(super()._link_next_provider(attempt, before, now), "#state = :refused AND ", "")

    return Code(writes=Seeded)


class NobodyIsToldOfATry(Ledger):
    def _tell_sent_twice(self, record: Record) -> bool:
        return False if record.never_tried else super()._tell_sent_twice(record)


class LosesWhatWasPassedOn(Ledger):
    def look_at_predecessor(self, attempt: Attempt, message_id: str) -> Any:
        found = super().look_at_predecessor(attempt, message_id)
        return Duplicate(found.state) if isinstance(found, Record) and found.successor else found


class GoesUpTheList(Failover):
    def keep_later(self, name: str) -> Failover:
        return self


class BelievesAnybody(WebhookHandler):
    def _verify(self, *_: object) -> None:
        return
