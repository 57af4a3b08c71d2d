"""One line of JSON for each thing that happened, on standard output, where CloudWatch Logs finds it."""

import json
import sys
from datetime import UTC, datetime


def info(event: str, **fields: object) -> None:
    """Say what happened."""
    _write("info", event, fields)


def error(event: str, **fields: object) -> None:
    """Say what went wrong, to what."""
    _write("error", event, fields)


def _write(level: str, event: str, fields: dict[str, object]) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = json.dumps({"at": at, "level": level, "event": event, **fields}, default=str)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
