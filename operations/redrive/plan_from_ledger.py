"""Makes letters from ledger records: for mails without a dead letter, and to send again what a provider accepted.

The event stays in the ledger: the letter refers to it, and the notifier reads it there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain

from function.event.envelope import Delivery
from function.ledger.attributes import read_value
from function.ledger.keys import choice_name, message_key, own_list_key, own_list_of, successor_id
from function.ledger.record import Record
from function.ledger.states import ACCEPTED, State
from function.queues.dead_letter import write_letter
from function.reason_codes import Reason, ReasonCode
from operations.errors import UserError
from operations.installation import RECORD_ATTRIBUTES, Installation, read_recipient
from operations.preview import find_subscription
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.plan import RedriveDecision, RedrivePlan, decide
from operations.remedies import Remedy, RemedyAction
from operations.suppressions import get_suppression

__all__ = ["find_message", "find_obstacle", "plan_again", "plan_from_records"]


def plan_from_records(installation: Installation, message_ids: Sequence[str], now: int | None = None) -> RedrivePlan:
    """Plan a redrive of messages without a letter in the queue; `now` is in epoch milliseconds.

    Raises `UserError` for a record that cannot be redriven, with what would stop its mail.
    """
    plan = RedrivePlan()
    for message_id in message_ids:
        record = _read(installation, message_id)
        if record.state in ACCEPTED:
            raise UserError(
                f"message {message_id} is {record.state}: a provider accepted its mail. You can send it once more",
                remedy=Remedy(RemedyAction.SEND_ONCE_MORE, message_id),
            )
        _refuse(installation, record, now)
        replaced = installation.record(record.instead_of) if record.instead_of else None
        avoid = _find_refusing_provider(installation, replaced) if replaced else None
        plan.letters.append(letter := _write_letter(record, record.message_id, avoid=avoid))
        plan.decisions[letter.id] = decide(letter, record)
    return plan


def plan_again(installation: Installation, message_ids: Sequence[str], now: int | None = None) -> RedrivePlan:
    """Plan to send mails that a provider accepted once more, each as another message.

    Two operators who plan the same make the same letter. Raises `UserError` for a record that no provider accepted.
    """
    plan = RedrivePlan()
    for message_id in message_ids:
        record = _read(installation, message_id)
        if record.state is State.COMPLAINED:
            raise UserError(f"message {message_id} was reported as spam: its mail is never sent again")
        if record.state not in ACCEPTED | {State.REPLACED}:
            raise UserError(
                f"message {message_id} is {record.state}, no provider is known to have accepted it",
                remedy=Remedy(RemedyAction.REDRIVE_RECORD, message_id),
            )
        _refuse(installation, record, now)
        avoid = _find_refusing_provider(installation, record)
        plan.letters.append(letter := _write_letter(record, successor_id(message_id), message_id, avoid))
        plan.decisions[letter.id] = RedriveDecision.AGAIN
    return plan


def _find_refusing_provider(installation: Installation, record: Record) -> str | None:
    """Return the provider that accepted a mail and then refused it, so that another one tries; None in every other
    state."""
    if record.state is not State.REFUSED:
        return None
    item = installation.read(message_key(record.message_id), ("timeline",)) or {}
    rows = read_value(item, "timeline", ())
    accepted = [row["provider"] for row in rows if row["state"] == State.SENT and "provider" in row]
    return next((name for name in reversed(accepted) if "://" in name), None)


def find_message(installation: Installation, wanted: str) -> str:
    """Return the MessageId for `wanted`: a MessageId itself, or an event id, for which it is the owning message's.

    For an event id it scans the whole ledger. Raises `UserError` if there is none, or if several publishers have such
    an event.
    """
    if installation.record(wanted) is not None:
        return wanted
    condition = "begins_with(pk, :message) AND id = :id AND attribute_not_exists(successor)"
    pages = installation.scan(condition, {":message": message_key(""), ":id": wanted}, RECORD_ATTRIBUTES)
    found = [Record.from_item(item) for item in chain.from_iterable(pages)]
    if not found:
        raise UserError(f"the ledger knows no message and no event {wanted}")
    if len(found) > 1:
        names = ", ".join(f"{record.message_id} of {record.source}" for record in found)
        raise UserError(f"several messages have an event {wanted}: name one of {names}")
    return found[0].message_id


def _read(installation: Installation, message_id: str) -> Record:
    record = installation.record(message_id)
    if record is None:
        raise UserError(f"the ledger knows no message {message_id}: give the MessageId that SNS assigned")
    return record


#: Mails that are sent without a redrive; the texts follow the message's name.
_WAITS = {
    State.SCHEDULED: "waits for its time, and is sent by itself: to send it now, publish it without sendat",
    State.COLLECTED: "is told in its reader's digest, {window}: look at that one",
    State.COLLECTING: "is a digest whose window is open, and is sent by itself",
}


def _refuse(installation: Installation, record: Record, now: int | None) -> None:
    """Raise `UserError` if no mail can come of this record."""
    message, now = f"message {record.message_id}", int(time.time() * 1000) if now is None else now
    if record.successor:
        raise UserError(f"{message} is {record.state} and {record.successor} has its event: redrive that one")
    if record.state is State.REPLACED:
        raise UserError(f"{message} was replaced: another message has its event")
    if record.state is State.CANCELLED:
        raise UserError(f"{message} was cancelled: publish its event under another id")
    if waits := _WAITS.get(record.state):
        raise UserError(f"{message} {waits}".format(window=record.window))
    if record.held_until > now:
        seconds = (record.held_until - now + 999) // 1000
        raise UserError(f"{message} is held, for another {seconds} s, until it is known what became of it: wait")
    if obstacle := find_obstacle(installation, record):
        raise UserError(f"{message} {obstacle}")
    if record.reason_code == ReasonCode.RECIPIENT_UNSUBSCRIBED or not installation.keeps_event(record):
        if record.state in ACCEPTED:
            raise UserError(f"the event of {message} is not kept: publish it under another id, for this one was sent")
        raise UserError(f"the event of {message} is not kept: redrive its letter, or publish it again")


def find_obstacle(installation: Installation, record: Record) -> str | None:
    """Return what would stop the mail of this record now, to follow the message's name; None if nothing is known."""
    keys, category = _find_keys(installation, record), find_subscription(record.type)
    if any(get_suppression(installation, key) for key in keys):
        return "is to an address on the suppression list: take that off the list first"
    if category and any(installation.read(key, (choice_name(category),)) for key in keys):
        return f"would be suppressed: its reader has unsubscribed from {category}"
    return None


def _find_keys(installation: Installation, record: Record) -> tuple[str, ...]:
    """Return the recipient's keys in the ledger: the one that the record was written with and, if the event can be
    read, one for each current address key."""
    recipient = read_recipient(installation, record)
    try:
        keys = installation.address_keys(recipient) if recipient else ()
    except (UserError, LookupError):  # an operator who may redrive need not have access to the address key
        keys = ()
    if own := own_list_of(record.address or ""):
        keys = tuple(own_list_key(key, own) for key in keys)
    return tuple(dict.fromkeys(key for key in (record.address, *keys) if key))


def _write_letter(
    record: Record, message_id: str, instead_of: str | None = None, avoid: str | None = None
) -> DeadLetter:
    reason = Reason(record.reason_code or "", record.reason or str(record.state))
    delivery = Delivery(message_id, "", in_ledger=True, instead_of=instead_of, avoid=avoid)
    event = (record.source, record.id)
    made = write_letter(delivery, record.owner or "?", reason, release="", attempts=record.attempts, event=event)
    attributes = dict(made.attributes)
    if instead_of:
        del attributes["attempt"]  # the other message has no attempt yet
    return DeadLetter(
        id=message_id,
        handle="",
        body=made.body,
        attributes={name: {"DataType": "String", "StringValue": value or "?"} for name, value in attributes.items()},
        message_id=message_id,
        reason=reason.text,
        reason_code=record.reason_code or "unknown",
        attempt=attributes.get("attempt"),
        attempts=record.attempts,
        release="?",
        since=record.first_at or int(time.time() * 1000),
        is_feedback=False,
    )
