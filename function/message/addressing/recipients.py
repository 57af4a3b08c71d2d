"""Events that name several recipients: validates them, and builds the event of each recipient's part. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from function.errors import InvalidEvent
from function.event.cloudevent import LARGEST_EVENT, Event
from function.ledger.keys import part_id
from function.reason_codes import ReasonCode

__all__ = ["MOST", "read_address", "read_recipients", "write_event", "write_part"]

#: Most recipients of one event.
MOST = 50
#: A placeholder as long as a part's name.
_NAME = "0" * 20
_RECIPIENT = "/data/recipient"


def read_recipients(event: Event, validate: Callable[[object], None]) -> tuple[Any, ...]:
    """Return the recipients of an event that names several, unchanged; `validate` checks a part's data against its
    schema.

    Raises InvalidEvent for an error that concerns all parts. An error in one recipient does not affect the others: it
    is found when that part is delivered.
    """
    found = event.data["recipients"]
    if "recipient" in event.data:
        raise InvalidEvent("data names a recipient or recipients, not both", "/data/recipients")
    if not isinstance(found, list) or not 1 <= len(found) <= MOST:
        raise InvalidEvent(f"data.recipients must be a list of 1 to {MOST} recipients", "/data/recipients")
    for recipient in found:
        try:
            validate(_build_data(event, recipient))
        except InvalidEvent as error:
            if error.pointer != _RECIPIENT and not error.pointer.startswith(f"{_RECIPIENT}/"):
                raise
    size = max(len(write_part(event, recipient, _NAME).encode("utf-8", "surrogatepass")) for recipient in found)
    if size > LARGEST_EVENT:
        line = f"the event has {size} bytes for one of its recipients; {LARGEST_EVENT} are allowed"
        raise InvalidEvent(line, code=ReasonCode.EVENT_TOO_LARGE)
    return tuple(found)


def read_address(recipient: object) -> str:
    """Return what distinguishes a recipient: the address, or the whole value as JSON if it has none."""
    email = recipient.get("email") if isinstance(recipient, Mapping) else None
    return email if isinstance(email, str) else json.dumps(recipient, sort_keys=True)


def write_part(event: Event, recipient: object, name: str) -> str:
    """Write the event of the part `name`: the same event for one recipient."""
    return write_event(event, part_id(event.id, name), _build_data(event, recipient))


def write_event(event: Event, id_: str, data: Mapping[str, Any]) -> str:
    """Write the event with another id and other data."""
    given = {
        "specversion": "1.0",
        "id": id_,
        "source": event.source,
        "type": event.type,
        "time": event.time,
        "subject": event.subject,
        "sendat": event.sendat,
        "tenant": event.tenant,
        "traceparent": event.traceparent,
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(
        {name: value for name, value in given.items() if value is not None}, ensure_ascii=False, separators=(",", ":")
    )


def _build_data(event: Event, recipient: object) -> dict[str, Any]:
    rest = {name: value for name, value in event.data.items() if name != "recipients"}
    return {"recipient": recipient, **rest}
