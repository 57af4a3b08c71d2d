"""Digests: the ends of their windows in a reader's time zone, and the event of a closed digest. Pure.

A rule is as in the catalogue: `every` (hour, day or week), `hour` and `minute` of the reader's day, `weekday` (0 is
Monday), and `most`, the most lines of a digest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["compose", "find_ends", "has_zones", "load_zone"]

_HOUR = timedelta(hours=1)
#: Most bytes of a digest's data, below the limit of an event; further events are only counted.
_LARGEST = 60_000


def load_zone(name: object) -> tzinfo:
    """Return the time zone of a name such as `Europe/Berlin`; UTC if there is no name, or no such zone."""
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else UTC
    except (ValueError, OSError, KeyError):
        return UTC


def has_zones() -> bool:
    """Whether this machine has a time zone database; without one every zone would become UTC."""
    return load_zone("Europe/Berlin") is not UTC


def find_ends(rule: Mapping[str, Any], timezone: tzinfo, now: int) -> Iterator[int]:
    """Yield the ends of the windows after `now`, in epoch milliseconds, indefinitely.

    A time of day that the reader's clocks skip is moved by the length of the gap, and of one that occurs twice the
    first counts: https://peps.python.org/pep-0495/#conversion-from-naive-to-aware
    """
    moment = datetime.fromtimestamp(now / 1000, timezone)
    found = _list_hours(moment) if rule["every"] == "hour" else _list_days(rule, moment)
    return (end for each in found if (end := round(each.timestamp() * 1000)) > now)


def _list_hours(moment: datetime) -> Iterator[datetime]:
    """Yield the full hours of the reader's clock."""
    begun = moment.astimezone(UTC) - timedelta(
        minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond
    )
    while True:
        begun += _HOUR
        yield begun


def _list_days(rule: Mapping[str, Any], moment: datetime) -> Iterator[datetime]:
    """Yield the time of day on every day, or on one weekday, from yesterday on."""
    at, day = time(rule["hour"], rule["minute"]), moment.date() - timedelta(days=1)
    while True:
        if rule["every"] == "day" or day.weekday() == rule["weekday"]:
            yield _combine(day, at, moment.tzinfo)
        day += timedelta(days=1)


def _combine(day: date, at: time, timezone: tzinfo | None) -> datetime:
    return datetime.combine(day, at, timezone).astimezone(UTC)


def compose(rule: Mapping[str, Any], type_: str, name: str, source: str, end: int, bodies: Sequence[str]) -> str:
    """Write the event of the digest `name`, whose window ends at `end` (epoch milliseconds), from its events: the
    oldest first, at most as many as the rule and the size limit allow; the rest is counted. The newest event provides
    the recipient."""
    events = sorted(
        map(json.loads, bodies), key=lambda event: (_read_time(event["time"]), event["source"], event["id"])
    )
    recipient = events[-1]["data"]["recipient"]
    lines: list[dict[str, Any]] = []
    size = len(_write(recipient))
    for event in events[: rule["most"]]:
        line = {key: value for key, value in event["data"].items() if key != "recipient"}
        size += len(_write(line)) + 1
        if lines and size > _LARGEST:
            break
        lines.append(line)
    moment = datetime.fromtimestamp(end / 1000, UTC).isoformat().replace("+00:00", "Z")
    data = {"recipient": recipient, "items": lines, "more": len(events) - len(lines)}
    names = {"specversion": "1.0", "id": name, "source": source, "type": type_, "time": moment, "sendat": moment}
    names |= {"tenant": tenant} if (tenant := events[-1].get("tenant")) else {}
    return _write(names | {"datacontenttype": "application/json", "data": data}).decode("utf-8", "surrogatepass")


def _read_time(text: str) -> float:
    """Return the epoch seconds of an event's time; 0, so that it comes first, if it is not a valid date."""
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _write(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
