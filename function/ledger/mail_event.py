"""The CloudEvents that report what became of a mail: one for each state that its record reaches.

Pure: an event is built from a change in the ledger's stream, so it reports exactly what was written. It names the
message and its event, never the recipient. Not reported are: records that no attempt of this deployment wrote (reports
on expired mails, or on mails that it did not send), the record of an event with several recipients (each recipient has
a record), and the synthetic mails that test a release.
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

#: The `source` of every mail event.
SOURCE = "urn:herald:mail"
#: The states that are reported, each with its event type. Two states share a type if they mean the same to a receiver.
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
    """One CloudEvent; `body` is its structured JSON, one line of ASCII. The same state of the same message always has
    the same `id`."""

    id: str
    type: str
    body: str


def read_mail_event(record: Mapping[str, Any]) -> MailEvent | None:
    """Build the event for a stream record; None if it is not about a mail, or not about a new state that is
    reported."""
    change: Mapping[str, Any] = record.get("dynamodb") or {}
    new, old = change.get("NewImage") or {}, change.get("OldImage") or {}
    key, state = _read_text(new, "pk"), _read_text(new, "state")
    if not key.startswith(_MESSAGE) or state not in TYPES or state == _read_text(old, "state"):
        return None
    if not _read_text(new, "owner") or _read_text(new, "source") == SYNTHETIC_SOURCE or "parts" in new:
        return None
    message_id = key.removeprefix(_MESSAGE)
    type_ = TYPES[State(state)]
    id_ = hashlib.sha256(f"{message_id}\0{state}".encode()).hexdigest()
    names = {name: _read_text(new, name) for name in ("source", "id", "type", "subject")}
    row = _find_row(new, state)
    data = {"message_id": message_id, "state": state}
    data |= {name: row.get(name, "") for name in ("reason_code", "provider")} | {"tenant": _read_text(new, "tenant")}
    event: dict[str, object] = {
        "specversion": "1.0",
        "id": id_,
        "source": SOURCE,
        "type": type_,
        "time": _format_time(row, change),
        "subject": names["subject"],
        "datacontenttype": "application/json",
        "data": {**_drop_empty(data), "event": _drop_empty(names)},
    }
    return MailEvent(id_, type_, json.dumps(_drop_empty(event), separators=(",", ":")))


def _find_row(image: Mapping[str, Any], state: str) -> Mapping[str, Any]:
    """Return the last timeline row with this state, or {}."""
    rows: list[Mapping[str, Any]] = read_value(image, "timeline", [])
    return next((row for row in reversed(rows) if row.get("state") == state), {})


def _format_time(row: Mapping[str, Any], change: Mapping[str, Any]) -> str:
    """Return the time of the timeline row, else of the change in the stream, in RFC 3339."""
    at = row.get("at")
    created = change.get("ApproximateCreationDateTime")
    seconds = at / 1000 if at else created if isinstance(created, int | float) else 0
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _read_text(item: Mapping[str, Any], name: str) -> str:
    return str(read_value(item, name, ""))


def _drop_empty(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}
