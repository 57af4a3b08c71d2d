"""A provider's webhook request as `function.webhook` receives it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from function.runtime.lean_dataclass import dataclass

__all__ = ["MalformedWebhook", "WebhookRequest", "read_seconds"]


class MalformedWebhook(Exception):
    """The body does not have the format that the provider documents; the message is one line that says where."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One request: the names of `headers` are in lower case, `body` is the raw body."""

    headers: Mapping[str, str]
    body: bytes


def read_seconds(text: str) -> int | None:
    """Parse epoch seconds written in digits; None for anything else."""
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None
