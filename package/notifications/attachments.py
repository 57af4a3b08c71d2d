"""Checks a notification's schema and examples for the attachments of its mails."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from function.errors import InvalidEvent
from function.message.attachments import MOST, TYPES, read_references
from package.errors import PackageError
from package.notifications.schemas import Schema
from package.notifications.strict_json import locate_member

__all__ = ["find_attachment_faults", "has_attachments", "require_attachments"]

_NAMES = ("url", "sha256", "name", "type")
_SHAPE = (
    f"attachments are an array with maxItems up to {MOST}, each an object that requires the texts {', '.join(_NAMES)}: "
    "see docs/adding-a-notification.md"
)


def has_attachments(schema: Schema) -> bool:
    """Whether the mails may have attachments: a list of this name whose items have a `sha256`, not just any list."""
    items = _find_schema(schema).get("items", {})
    return isinstance(items, Mapping) and "sha256" in items.get("properties", {})


def require_attachments(schema: Schema, path: Path) -> None:
    """Raise `PackageError` unless the schema in `path` describes attachments as the function expects them."""
    if not has_attachments(schema):
        return
    given = _find_schema(schema)
    items = given["items"]
    properties = items.get("properties", {})
    texts = all(properties.get(name, {}).get("type") == "string" for name in _NAMES)
    if given.get("maxItems", MOST + 1) > MOST or not texts or not set(_NAMES) <= set(items.get("required", [])):
        raise PackageError(f"{locate_member(path, ['properties', 'attachments'])}: {_SHAPE}")
    types = properties["type"].get("enum", [])
    if strange := sorted(set(types) - TYPES.keys()):
        at = locate_member(path, ["properties", "attachments", "items", "properties", "type"])
        raise PackageError(f"{at}: {strange[0]} is no type that may be attached: take of {', '.join(TYPES)}")


def find_attachment_faults(examples: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """The faults that `notify` would find in the attachments of examples: the file, the line, and what is wrong."""
    for name, data in examples.items():
        try:
            read_references(data.get("attachments", []), None)
        except InvalidEvent as error:
            members = [int(step) if step.isdecimal() else step for step in error.pointer.split("/")[2:]]
            yield f"{locate_member(folder / f'{name}.json', members)}: {error}"


def _find_schema(schema: Schema) -> Schema:
    given = schema.get("properties", {}).get("attachments", {})
    return given if isinstance(given, dict) and given.get("type") == "array" else {}
