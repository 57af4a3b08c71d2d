"""Reads a function's log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

__all__ = ["read_lines"]


def read_lines(logs: Any, function: str, word: str, **limits: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each JSON line that contains this word, with its time (epoch milliseconds); `limits` are passed to the API
    call.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{function}", filterPattern=f'"{word}"', **limits
    )
    for page in pages:
        for event in page.get("events", []):
            try:
                line = json.loads(event["message"])
            except (ValueError, KeyError):
                continue
            if isinstance(line, dict):
                yield event["timestamp"], line
