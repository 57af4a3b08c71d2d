"""Events with several recipients parted, each with one fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from function.delivery.fan_out import RecipientFanOut
from function.delivery.outcome import Outcome, OutcomeKind
from function.event.cloudevent import Event
from function.event.envelope import Delivery
from function.ledger.attempt import Attempt, Duplicate, RecordedParts, Verdict
from function.ledger.keys import part_name
from function.ledger.recipient_parts import PartRecords
from function.ledger.record import Record
from function.message.addressing.recipients import read_address
from function.message.builder import Draft

__all__ = ["CancelsTheEventAlone", "HandsOnOnce", "NamesByItself", "NumbersThem", "WritesAfterwards"]


class NamesByItself(PartRecords):
    def _join(self, attempt: Attempt, known: Record, recipients: Sequence[str], now: int) -> RecordedParts | Verdict:
        parts = super()._join(attempt, known, recipients, now)
        return _name(attempt.owner, recipients) if isinstance(parts, RecordedParts) else parts


class NumbersThem(PartRecords):
    def record_parts(self, attempt: Attempt, recipients: Sequence[str]) -> RecordedParts | Verdict:
        return super().record_parts(attempt, [str(number) for number in range(len(recipients))])


class HandsOnOnce(PartRecords):
    def _join(self, attempt: Attempt, known: Record, recipients: Sequence[str], now: int) -> RecordedParts | Verdict:
        return Duplicate(known.state, known.owner)


class WritesAfterwards(RecipientFanOut):
    def make_recorder(self, draft: Draft) -> Callable[[Attempt], RecordedParts | Verdict]:
        return lambda attempt: _name(attempt.owner, [read_address(each) for each in draft.recipients])

    def queue_parts(
        self, delivery: Delivery, attempt: Attempt, event: Event, draft: Draft, parts: RecordedParts
    ) -> Outcome:
        outcome = super().queue_parts(delivery, attempt, event, draft, parts)
        super().make_recorder(draft)(attempt)
        return outcome


class CancelsTheEventAlone(RecipientFanOut):
    def cancel_parts(self, delivery: Delivery, attempt: Attempt, event: Event, record: Record) -> Outcome:
        self.parts.cancel(attempt, record)
        return Outcome(OutcomeKind.CANCELLED, attempt.message_id)


def _name(key: str, recipients: Sequence[Any]) -> RecordedParts:
    return RecordedParts({part_name(key, who): number for number, who in enumerate(recipients)})
