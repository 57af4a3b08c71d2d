"""Writes a calendar invitation from an event. Pure.

iCalendar: https://www.rfc-editor.org/rfc/rfc5545; REQUEST and CANCEL: https://www.rfc-editor.org/rfc/rfc5546; by mail:
https://www.rfc-editor.org/rfc/rfc6047. Written without a library: it is some twenty lines, and a library would bring a
time zone database, which times in UTC do not need. This module is loaded only for a notification whose schema has
`invitation`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from function.errors import InvalidEvent
from function.event.cloudevent import Event
from function.message.email import Invitation
from function.message.from_header import split_sender

__all__ = ["REQUIRED", "write_invitation"]

#: Fields that an invitation must have, all of them text.
REQUIRED = ("start", "end", "summary")
_AT = "/data/invitation"
#: Longest line in bytes, without its line break: https://www.rfc-editor.org/rfc/rfc5545#section-3.1
_LONGEST_LINE = 75
#: The origin of the default sequence number: https://www.rfc-editor.org/rfc/rfc5545#section-3.8.7.4
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def write_invitation(given: Any, event: Event, sender: str, to: str) -> Invitation:
    """Write the invitation of `data.invitation`, from `sender` (a From header) to one address. Raises InvalidEvent.

    Its UID is made from the event's source and `uid`, else `subject`, else `id`: a later event with the same name
    changes or cancels the calendar entry. The same event always makes the same bytes.
    """
    if not isinstance(given, Mapping):
        raise InvalidEvent("an invitation must be an object", _AT)
    start, end = _read_moment(given, "start"), _read_moment(given, "end")
    if type(start) is not type(end) or not start < end:
        raise InvalidEvent("an invitation must end after it starts, and both must be dates or both times", f"{_AT}/end")
    method = "CANCEL" if given.get("cancelled") is True else "REQUEST"
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Herald//Herald//EN",
        f"METHOD:{method}",
        "BEGIN:VEVENT",
        *_describe(given, event, start, end),
        f"STATUS:{'CANCELLED' if method == 'CANCEL' else 'CONFIRMED'}",
        _find_organizer(sender),
        f"ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{to}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return Invitation(method, "".join(f"{folded}\r\n" for line in lines for folded in _fold(line)))


def _describe(given: Mapping[str, Any], event: Event, start: date, end: date) -> Iterator[str]:
    try:
        happened = datetime.fromisoformat(event.time.upper())
    except ValueError as error:
        raise InvalidEvent("the event's time is not a date", "/time") from error
    name = _read_text(given, "uid") or event.subject or event.id
    digest = hashlib.sha256("\0".join((event.source, name)).encode("utf-8", "surrogatepass"))
    yield f"UID:{digest.hexdigest()[:40]}@herald"
    yield f"DTSTAMP:{_write(happened)}"
    yield f"SEQUENCE:{_compute_sequence(given, happened)}"
    yield f"DTSTART{_write_value(start)}"
    yield f"DTEND{_write_value(end)}"
    for key in ("summary", "location", "description"):
        if text := _read_text(given, key):
            yield f"{key.upper()}:{_escape(text)}"


def _compute_sequence(given: Mapping[str, Any], happened: datetime) -> int:
    """Return the sequence number, which grows with each change; by default the event's time in minutes."""
    number = given.get("sequence", max(0, int((happened - _BEGINNING).total_seconds()) // 60))
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**31:
        raise InvalidEvent("an invitation's sequence must be a whole number", f"{_AT}/sequence")
    return number


def _read_moment(given: Mapping[str, Any], key: str) -> date:
    """Return a date, or a time that has a UTC offset."""
    text = _read_text(given, key)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text.upper())
        return moment.astimezone(UTC) if moment.tzinfo else _refuse(key)
    except (ValueError, OverflowError):
        return _refuse(key)


def _refuse(key: str) -> date:
    line = f"an invitation's {key} must be a day, or a time with its offset, such as 2026-12-01T09:00:00+01:00"
    raise InvalidEvent(line, f"{_AT}/{key}")


def _read_text(given: Mapping[str, Any], key: str) -> str:
    text = given.get(key, "")
    if not isinstance(text, str) or (key in REQUIRED and not text.strip()):
        raise InvalidEvent(f"an invitation's {key} must be a text", f"{_AT}/{key}")
    return text


def _find_organizer(sender: str) -> str:
    """Return the ORGANIZER, who gets the replies: it must be the mail's sender, or calendars do not trust it."""
    name, address = split_sender(sender)
    quoted = _CONTROL.sub("", name).replace('"', "'")
    return f'ORGANIZER;CN="{quoted}":mailto:{address}' if quoted else f"ORGANIZER:mailto:{address}"


def _write(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _write_value(moment: date) -> str:
    return f":{_write(moment)}" if isinstance(moment, datetime) else f";VALUE=DATE:{moment.strftime('%Y%m%d')}"


def _escape(text: str) -> str:
    """Escape a text value: https://www.rfc-editor.org/rfc/rfc5545#section-3.3.11"""
    plain = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"([\\;,])", r"\\\1", plain).replace("\n", "\\n")


def _fold(line: str) -> Iterator[str]:
    """Fold the line into pieces of at most 75 bytes without splitting a character; all but the first begin with a
    space."""
    piece, size = "", 0
    for character in line:
        width = len(character.encode())
        if size + width > _LONGEST_LINE:
            yield piece
            piece, size = " ", 1
        piece, size = piece + character, size + width
    yield piece
