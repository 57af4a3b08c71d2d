"""Checks a notification's schema and examples for calendar invitations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from function.errors import InvalidEvent
from function.event.cloudevent import build_synthetic_event, parse
from function.message.invitation import REQUIRED, write_invitation
from package.errors import PackageError
from package.notifications.schemas import Schema
from package.notifications.strict_json import locate_member

__all__ = ["find_invitation_faults", "has_invitation", "require_invitation"]


def has_invitation(schema: Schema) -> bool:
    """Whether mails may have an invitation: an object of this name with a `start`; any other is plain data."""
    given = schema.get("properties", {}).get("invitation", {})
    return isinstance(given, dict) and given.get("type") == "object" and "start" in given.get("properties", {})


def require_invitation(schema: Schema, path: Path) -> None:
    """Raise `PackageError` unless the schema in `path` describes an invitation as the function expects it."""
    if not has_invitation(schema):
        return
    given = schema["properties"]["invitation"]
    texts = all(given["properties"].get(name, {}).get("type") == "string" for name in REQUIRED)
    if not texts or not set(REQUIRED) <= set(given.get("required", [])):
        raise PackageError(
            f"{locate_member(path, ['properties', 'invitation'])}: an invitation requires the texts "
            f"{', '.join(REQUIRED)}: see docs/adding-a-notification.md"
        )


def find_invitation_faults(examples: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """The faults that `notify` would find in the invitations of examples: the file, the line, and what is wrong."""
    for name, data in examples.items():
        if "invitation" not in data:
            continue
        event = parse(build_synthetic_event("example", "example", data, "2026-11-21T08:00:00Z"), lambda _: None)
        try:
            write_invitation(data["invitation"], event, "nobody@herald.invalid", "nobody@herald.invalid")
        except InvalidEvent as error:
            yield f"{locate_member(folder / f'{name}.json', error.pointer.split('/')[2:])}: {error}"
