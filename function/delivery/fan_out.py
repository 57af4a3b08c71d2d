"""Splits an event with several recipients into one part for each; loaded only where a notification takes several.

Each part goes through the queue `retry` as an event of its own. If the function stops before all parts are queued, the
event is delivered again and split into the same parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from function.delivery.decision import BUSY
from function.delivery.outcome import Outcome, OutcomeKind
from function.delivery.scheduling import CANCEL
from function.event.cloudevent import Event
from function.event.envelope import Delivery
from function.ledger.attempt import Attempt, RecordedParts, Verdict
from function.ledger.keys import part_id, part_message_id
from function.ledger.recipient_parts import PartRecords
from function.ledger.record import Record
from function.ledger.table import Contended
from function.message.addressing.recipients import read_address, write_event, write_part
from function.message.builder import Draft
from function.queues.batches import split_batches
from function.queues.dead_letter import Letter, write_retry
from function.runtime.lean_dataclass import dataclass

__all__ = ["PartQueue", "RecipientFanOut"]

#: How long to wait before queueing again what SQS did not accept, in milliseconds.
_PAUSE = 2_000


class PartQueue(Protocol):
    """The queue that parts are delivered from."""

    def put_all(self, letters: list[Letter]) -> Mapping[int, str]:
        """Queue at most ten letters; return the numbers of those that were not accepted, with the errors."""


@dataclass(frozen=True, slots=True)
class RecipientFanOut:
    """Gives each recipient an event of their own, and cancels these events."""

    parts: PartRecords
    queue: PartQueue

    def make_recorder(self, draft: Draft) -> Callable[[Attempt], RecordedParts | Verdict]:
        """Return the function that records how an event is split, before any part is queued."""
        addresses = [read_address(recipient) for recipient in draft.recipients]
        return lambda attempt: self.parts.record_parts(attempt, addresses)

    def queue_parts(
        self, delivery: Delivery, attempt: Attempt, event: Event, draft: Draft, parts: RecordedParts
    ) -> Outcome:
        """Queue each part to be mailed."""
        bodies = {name: write_part(event, draft.recipients[number], name) for name, number in parts.names.items()}
        return self._queue_all(delivery, attempt, bodies, OutcomeKind.PARTED)

    def cancel_parts(self, delivery: Delivery, attempt: Attempt, event: Event, record: Record) -> Outcome:
        """Cancel each part of the event of `record`, in the name of the cancellation `event`."""
        try:
            known = self.parts.cancel(attempt, record)
        except Contended:
            return self._wait(attempt, BUSY.text)
        named = event.data
        bodies = {
            name: write_event(event, part_id(event.id, name), {**named, "id": part_id(named["id"], name)})
            for name in sorted(known.parts)
        }
        return self._queue_all(delivery, replace(attempt, type=CANCEL), bodies, OutcomeKind.CANCELLED)

    def _queue_all(self, delivery: Delivery, attempt: Attempt, bodies: Mapping[str, str], kind: OutcomeKind) -> Outcome:
        """Queue all parts in as few calls as possible; if SQS refuses any, the whole delivery is retried."""
        refused = sum(
            len(self.queue.put_all(batch))
            for batch in split_batches(self._write_letters(delivery, bodies), _compute_size)
        )
        summary = f"{len(bodies)} recipients"
        if refused:
            return self._wait(attempt, f"SQS did not take {refused} of {summary}")
        return Outcome(kind, attempt.message_id, attempt.type, summary)

    def _write_letters(self, delivery: Delivery, bodies: Mapping[str, str]) -> Iterable[Letter]:
        for name, body in bodies.items():
            message_id = part_message_id(delivery.message_id, name)
            yield write_retry(
                Delivery(message_id, body, delivery.topic, delivery.timestamp, traceparent=delivery.traceparent)
            )

    def _wait(self, attempt: Attempt, why: str) -> Outcome:
        return Outcome(
            OutcomeKind.HELD, attempt.message_id, attempt.type, why, retry_at=self.parts.ledger.clock() + _PAUSE
        )


def _compute_size(letter: Letter) -> int:
    return len(letter.body)
