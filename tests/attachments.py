"""Mails with files: notifications whose schema has attachments, and what an event says of some."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from fakes.example_events import event, example

__all__ = ["BUCKET", "SCHEMA", "add_attachments", "event_with", "reference"]

BUCKET = "invoices"
_TEXT = {"type": "string", "maxLength": 2000}
#: As docs/adding-a-notification.md has it.
SCHEMA: dict[str, Any] = {
    "type": "array",
    "description": "files that go with the mail",
    "maxItems": 10,
    "items": {
        "type": "object",
        "description": "an object of S3",
        "required": ["url", "sha256", "name", "type"],
        "properties": {
            "url": {**_TEXT, "description": "s3://BUCKET/KEY"},
            "sha256": {**_TEXT, "description": "the SHA-256 of its bytes, in hexadecimal"},
            "name": {**_TEXT, "description": "what the file is called"},
            "type": {**_TEXT, "description": "its media type"},
        },
    },
}


def add_attachments(notifications: Path, type_: str = "book.created") -> None:
    """Let a notification of the folder have attachments."""
    path = notifications / type_ / "schema.json"
    schema = json.loads(path.read_text("utf-8"))
    schema["properties"]["attachments"] = SCHEMA
    path.write_text(json.dumps(schema, indent=2), "utf-8")


def reference(key: str, content: bytes, **changes: str) -> dict[str, str]:
    """What an event says of a file with this content; `changes` replace it."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"url": f"s3://{BUCKET}/{key}", "sha256": sha256, "name": key, "type": "application/pdf"} | changes


def event_with(*attachments: Any, event_id: str = "e1", **changes: Any) -> dict[str, Any]:
    """An event of *book created* with these attachments."""
    return event(event_id, data=example() | {"attachments": list(attachments)}, **changes)
