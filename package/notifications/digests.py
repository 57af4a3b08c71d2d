"""Reads a notification's rule for digests, and builds what the templates of a digest see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from function.message.catalogue import as_digest
from package.errors import PackageError
from package.notifications.schemas import Schema

__all__ = ["build_template_examples", "build_template_schema", "read_digest"]

_EVERY = ("hour", "day", "week")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAMES = frozenset({"every", "at", "on", "most"})
_MOST = 100


def read_digest(value: object, path: Path) -> dict[str, Any]:
    """The rule for the catalogue: `every`, `hour`, `minute`, `weekday` and `most`.

    Raises `PackageError`, which says what is wrong and what is allowed.
    """

    def refuse(what: str) -> PackageError:
        return PackageError(
            f'{path} at /digest{what}; a digest is {{"every": "day", "at": "08:00"}}, {{"every": "hour"}} or '
            f'{{"every": "week", "on": "monday", "at": "08:00"}}, and may say "most": lines, 1 to {_MOST}'
        )

    if not isinstance(value, Mapping):
        raise refuse(" is no object")
    if unknown := sorted(value.keys() - _NAMES):
        raise refuse(f"/{unknown[0]} is not known")
    every, at, on, most = value.get("every"), value.get("at"), value.get("on"), value.get("most", 20)
    if every not in _EVERY:
        raise refuse("/every must be hour, day or week")
    if every == "hour" and at is not None:
        raise refuse("/at must be left out: an hourly digest closes on the hour")
    if every != "hour" and not (isinstance(at, str) and re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", at)):
        raise refuse("/at must be a time of day such as 08:00")
    if (every == "week") != (on is not None) or (on is not None and on not in _WEEKDAYS):
        raise refuse("/on must be a day such as monday, of a weekly digest only")
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= _MOST:
        raise refuse(f"/most must be a whole number from 1 to {_MOST}")
    hour, minute = map(int, at.split(":")) if isinstance(at, str) else (0, 0)
    weekday = _WEEKDAYS.index(on) if on in _WEEKDAYS else 0
    return {"every": every, "hour": hour, "minute": minute, "weekday": weekday, "most": most}


def build_template_schema(schema: Schema) -> Schema:
    """The schema of what the templates of a digest see: the data of each event, without its recipient, in `items`."""
    properties = {name: inner for name, inner in schema.get("properties", {}).items() if name != "recipient"}
    recipient = schema.get("properties", {}).get("recipient", {})
    items = {"type": "array", "items": {"type": "object", "properties": properties}}
    return {"type": "object", "properties": {"recipient": recipient, "items": items, "more": {"type": "integer"}}}


def build_template_examples(examples: Mapping[str, Any]) -> dict[str, Any]:
    """The examples as the templates see them: a digest of each, and one of all of them with 3 more left out."""
    if not examples:
        return {}
    alone = {name: as_digest([data]) for name, data in examples.items()}
    return alone | {"all examples": as_digest([*examples.values()], 3)}
