"""Makes letters from ledger records: for suppressed mails, and where the letter itself has expired."""

from __future__ import annotations

import time

from function.event.envelope import Delivery
from function.ledger.record import Record
from function.ledger.states import IN_DOUBT, State
from function.queues.dead_letter import write_letter
from function.reason_codes import Reason
from operations.errors import UserError
from operations.installation import Installation
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.plan import Plan, decide
from operations.suppressions import get_suppression

__all__ = ["plan_from_records"]


def plan_from_records(installation: Installation, message_ids: list[str]) -> Plan:
    """The plan for messages without a letter in the queue; raises `UserError` for a record that cannot be redriven."""
    plan = Plan()
    for message_id in message_ids:
        record = installation.record(message_id)
        if record is None:
            raise UserError(f"the ledger knows no message {message_id}: give the MessageId that SNS assigned")
        body = installation.event_of(record)
        _refuse(installation, record, body)
        letter = _letter(record, body or "")
        plan.letters.append(letter)
        plan.decisions[letter.id] = decide(letter, record)
    return plan


def _refuse(installation: Installation, record: Record, body: str | None) -> None:
    """Raise `UserError` if this record cannot be redriven."""
    message = f"message {record.message_id}"
    waits = record.state in (State.REJECTED, State.SUPPRESSED) or (record.state in IN_DOUBT and record.parked)
    if not waits:
        raise UserError(f"{message} is {record.state} and waits for nobody: there is nothing to redrive")
    if body is None:
        raise UserError(f"the event of {message} is not kept any more: redrive its letter, or publish it again")
    if record.address and get_suppression(installation, record.address):
        raise UserError(f"{message} is to an address on the suppression list: take that off the list first")


def _letter(record: Record, body: str) -> DeadLetter:
    reason = Reason(record.reason_code or "", record.reason or "")
    made = write_letter(Delivery(record.message_id, body), record.owner, reason, release="", attempts=record.attempts)
    return DeadLetter(
        id=record.message_id,
        handle="",
        body=made.body,
        attributes={
            name: {"DataType": "String", "StringValue": value or "?"} for name, value in made.attributes.items()
        },
        message_id=record.message_id,
        reason=record.reason or str(record.state),
        reason_code=record.reason_code or "unknown",
        attempt=record.owner,
        attempts=record.attempts,
        release="?",
        since=record.first_at or int(time.time() * 1000),
        is_feedback=False,
    )
