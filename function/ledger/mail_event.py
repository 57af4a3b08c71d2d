"""What becomes of a mail, as others may hear of it: a CloudEvent for each state that its record comes into.

Pure: from a change as the ledger's stream has it. So an event tells what was written, and nothing else. It names the
message and the event by their own names, never the recipient. A record that no attempt of ours made (a report on a mail
that was forgotten, or that nobody sent), that of an event with several recipients, each of whom has one, and the mails
by which a release tries a version are not told.
https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from function.event.cloudevent import SYNTHETIC_SOURCE
from function.ledger.attributes import read_value
from function.ledger.keys import message_key
from function.ledger.states import State
from function.runtime.lean_dataclass import dataclass

__all__ = ["SOURCE", "TYPES", "MailEvent", "read_mail_event"]

#: Of every mail event; its id is unique under it.
SOURCE = "urn:herald:mail"
#: The states that are told, each with its type. Two have the same type where what follows is the same: nothing arrived.
TYPES: dict[State, str] = {
    State.SCHEDULED: "mail.scheduled",
    State.CANCELLED: "mail.cancelled",
    State.SENT: "mail.sent",
    State.DELIVERED: "mail.delivered",
    State.BOUNCED: "mail.bounced",
    State.SOFT_BOUNCED: "mail.bounced",
    State.COMPLAINED: "mail.complained",
    State.SUPPRESSED: "mail.suppressed",
    State.REJECTED: "mail.rejected",
    State.REFUSED: "mail.rejected",
}
_MESSAGE = message_key("")


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One CloudEvent; `body` is its structured JSON, one line of ASCII. The same state of the same message has the same
    `id`, however often it is told."""

    id: str
    type: str
    body: str


def read_mail_event(record: Mapping[str, Any]) -> MailEvent | None:
    """What a record of the stream tells, or None: no mail, no state that is told, or none that is new."""
    change: Mapping[str, Any] = record.get("dynamodb") or {}
    new, old = change.get("NewImage") or {}, change.get("OldImage") or {}
    key, state = _text(new, "pk"), _text(new, "state")
    if not key.startswith(_MESSAGE) or state not in TYPES or state == _text(old, "state"):
        return None
    if not _text(new, "owner") or _text(new, "source") == SYNTHETIC_SOURCE or "parts" in new:
        return None
    message_id = key.removeprefix(_MESSAGE)
    type_ = TYPES[State(state)]
    id_ = hashlib.sha256(f"{message_id}\0{state}".encode()).hexdigest()
    names = {name: _text(new, name) for name in ("source", "id", "type", "subject")}
    row = _find_row(new, state)
    told = {"message_id": message_id, "state": state}
    told |= {name: row.get(name, "") for name in ("reason_code", "provider")} | {"tenant": _text(new, "tenant")}
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": id_,
        "source": SOURCE,
        "type": type_,
        "time": _moment(row, change),
        "subject": names["subject"],
        "datacontenttype": "application/json",
        "data": {**_drop_empty(told), "event": _drop_empty(names)},
    }
    return MailEvent(id_, type_, json.dumps(_drop_empty(event), separators=(",", ":")))


def _find_row(image: Mapping[str, Any], state: str) -> Mapping[str, Any]:
    """The last line of the timeline that tells of this state; {} if none does."""
    rows: list[Mapping[str, Any]] = read_value(image, "timeline", [])
    return next((row for row in reversed(rows) if row.get("state") == state), {})


def _moment(row: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    """When the line was written, else when the stream says, as RFC 3339 has it."""
    at = row.get("at")
    created = change.get("ApproximateCreationDateTime")
    seconds = at / 1000 if at else created if isinstance(created, int | float) else 0
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(item: Mapping[str, Any], name: str) -> str:
    return str(read_value(item, name, ""))


def _drop_empty(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}
