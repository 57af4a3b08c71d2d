"""Writes log lines in JSON to standard output; lines with metrics are also read by CloudWatch."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime

from function.runtime.metrics import embed_metrics, find_service

__all__ = ["count", "error", "failure", "info"]


def info(event: str, **fields: object) -> None:
    """Log an event."""
    _write({"level": "info", "event": event, **fields})


def error(event: str, **fields: object) -> None:
    """Log an error, with details."""
    _write({"level": "error", "event": event, **fields})


def failure(event: str, problem: BaseException, **fields: object) -> None:
    """Log an exception by its type and location: its text may contain an address or details of the AWS account."""
    frames = traceback.extract_tb(problem.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    error(event, **fields, error=type(problem).__qualname__, places=places)


def count(event: str, metrics: Mapping[str, float], **fields: object) -> None:
    """Log an event with metrics; without metrics it is a plain line."""
    service = find_service(os.environ, "webapp")
    counted = embed_metrics(service, metrics, time.time_ns() // 1_000_000) if metrics else {}
    _write({"level": "info", "event": event, **fields, **counted})


def _write(line: dict[str, object]) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    sys.stdout.write(json.dumps({"at": at, **line}, default=str) + "\n")
    sys.stdout.flush()
