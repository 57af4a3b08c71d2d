"""Generates data of every shape that a schema accepts or refuses, by changing one value at a time in an example.

The package's validator is compared with jsonschema, and the mail of every valid document is rendered: a value that a
template does not guard fails here, and not when an event arrives.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from function.errors import InvalidEvent, NotificationError
from function.message.catalogue import Catalogue, Notification
from package.errors import PackageError
from package.notifications.catalogue import NOTIFICATIONS, UNSUBSCRIBE_URL, find_brand, read_examples
from package.notifications.digests import build_template_schema
from package.notifications.explanations import explain
from package.notifications.mail_templates import refuse_content
from package.notifications.schemas import Schema, read_data_schema
from package.notifications.strict_json import locate_member

__all__ = ["Generated", "generate", "try_generated"]

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_WORDS = "Grüße und mehr "
#: Values of a type that most places do not accept, and texts that two regex engines could match differently.
_WRONG: tuple[Any, ...] = (None, True, 0, 1.5, "", [], {})
_SPOILT = ("{}\n", "\u2028{}", " {}", "{}$", "{}٣", "\x00{}")
_GONE = object()
_SHOWN = 30

DataPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Generated:
    """`data` is an example in which the value at `place` was changed; `case` describes the change."""

    data: Any
    place: DataPath
    case: str


def generate(schema: Schema, seeds: Sequence[Any]) -> Iterator[Generated]:
    """Generate each value of the schema at its bounds, beyond them, left out and of another type, in the first of
    `seeds` that has its parent; valid or not."""
    for place, part in _list_places(schema):
        seed = next((seed for seed in seeds if _find(seed, place[:-1]) is not _GONE), None)
        if seed is None:
            continue
        known = (_find(each, place) for each in seeds)
        current = next((value for value in known if value is not _GONE), "a")
        for value in _list_values(part, current):
            yield Generated(_replace(seed, place, value), place, _describe(place, value))


def try_generated(catalogue: Catalogue, notifications: Path, type_: str, faults: list[str]) -> int:
    """Validate and, in every language, render whatever `generate` makes of one type's schema; return its number.

    Faults go to `faults`, a line for each place in a template or schema.
    """
    folder, notification = notifications / type_, catalogue.get(type_)
    schema = read_data_schema(folder / "schema.json")
    referee = Draft202012Validator(schema)
    logo = (find_brand(notifications)["logo"] or {}).get("url")
    written = (_with_few_items(schema, data) for data in read_examples(type_, notifications).values())
    seeds = sorted(
        written, key=lambda data: -len(json.dumps(data))
    )  # the largest is the most telling when a value is left out
    seen = schema if notification.digest is None else build_template_schema(schema)
    keys: set[str] = set()
    generated = [*generate(schema, seeds)]
    for one in generated:
        sound = referee.is_valid(one.data)
        if _is_accepted(notification, one.data) != sound:
            verb = "refuses" if sound else "takes"
            at = f"{_locate(folder / 'schema.json', one.place)}: the validator in the package {verb}"
            _tell(faults, keys, at, f"{at} {one.case}, and JSON Schema does not: tell Herald's maintainers")
            continue
        for locale in sorted(notification.locales) if sound else ():
            try:
                link = UNSUBSCRIBE_URL if notification.subscription else None
                refuse_content(notification.render(one.data, locale, link), logo)
            except NotificationError as error:
                line = explain(error, folder / locale, (notifications, NOTIFICATIONS), seen, one.case)
                _tell(faults, keys, line.replace(one.case, ""), line)
            except PackageError as error:
                _tell(faults, keys, f"{locale} {one.place}", f"{folder / locale}, with {one.case}: {error}")
    return len(generated)


def _tell(faults: list[str], keys: set[str], key: str, line: str) -> None:
    """Add a fault once for each place: one mistake fails with many documents."""
    if key not in keys:
        keys.add(key)
        faults.append(line)


def _is_accepted(notification: Notification, data: Any) -> bool:
    try:
        notification.validate(data)
    except InvalidEvent:
        return False
    return True


def _list_places(schema: Schema, place: DataPath = ()) -> Iterator[tuple[DataPath, Schema]]:
    """The place and schema of each value inside a document; of a list, the first item's."""
    if place:
        yield place, schema
    for name, part in schema.get("properties", {}).items():
        yield from _list_places(part, (*place, name))
    if "items" in schema:
        yield from _list_places(schema["items"], (*place, 0))


def _list_values(part: Schema, current: Any) -> list[Any]:
    """Values for a place, valid and invalid; the valid ones come first."""
    match part["type"]:
        case "string":
            text = current if isinstance(current, str) else "a"
            chosen = [*part.get("enum", []), *_list_texts(part, text), *(each.format(text) for each in _SPOILT)]
        case "integer" | "number":
            ends = [part[bound] for bound in _BOUNDS if bound in part]
            chosen = [*part.get("enum", []), *(end + step for end in ends for step in (0, -1, 1, 0.5)), 1.0]
        case "array":
            item = current[0] if isinstance(current, list) and current else None
            lengths = {part.get("minItems", 0), part["maxItems"]}
            chosen = [[item] * length for end in sorted(lengths) for length in (end, end + 1, max(end - 1, 0))]
        case "boolean":
            chosen = [True, False]
        case _:
            chosen = []
    return list({repr(value): value for value in [_GONE, *chosen, *_WRONG]}.values())


def _list_texts(part: Schema, text: str) -> Iterator[str]:
    """Texts of the shortest and longest length, and a character less or more: of words, and from the example's text."""
    for length in (part.get("minLength", 0), part.get("maxLength", len(text))):
        for wanted in (length, length - 1, length + 1):
            if wanted > 0:
                yield (_WORDS * (wanted // len(_WORDS) + 1))[:wanted].strip().ljust(wanted, "e")
                yield text[:wanted].ljust(wanted, "a")


def _with_few_items(schema: Schema, data: Any) -> Any:
    """The data with only two items of each list, which show the same as a hundred."""
    if isinstance(data, dict):
        parts = schema.get("properties", {})
        return {name: _with_few_items(parts.get(name, {}), value) for name, value in data.items()}
    if isinstance(data, list):
        kept = data[: max(2, schema.get("minItems", 0))]
        return [_with_few_items(schema.get("items", {}), item) for item in kept]
    return data


def _find(data: Any, place: DataPath) -> Any:
    for step in place:
        try:
            data = data[step]
        except (LookupError, TypeError):
            return _GONE
    return data


def _replace(data: Any, place: DataPath, value: Any) -> Any:
    changed = copy.deepcopy(data)
    home = _find(changed, place[:-1])
    if value is not _GONE and isinstance(home, list):
        home[:] = [value, *home[1:]]
    elif value is not _GONE:
        home[place[-1]] = value
    elif isinstance(home, list):
        home.clear()
    else:
        home.pop(place[-1], None)
    return changed


def _describe(place: DataPath, value: Any) -> str:
    """The data in a few words, with the value only if it is short."""
    name = "/" + "/".join(map(str, place))
    if value is _GONE:
        return f"data that leave out {name}"
    if isinstance(value, (list, str)) and len(json.dumps(value)) > _SHOWN:
        return f"data whose {name} has {len(value)} {'items' if isinstance(value, list) else 'characters'}"
    return f"data whose {name} is {json.dumps(value)}"


def _locate(path: Path, place: DataPath) -> str:
    steps: list[str | int] = []
    for step in place:
        steps += ["properties", step] if isinstance(step, str) else ["items"]
    return locate_member(path, steps)
