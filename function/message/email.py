"""One mail, as every provider takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from function.runtime.lean_dataclass import dataclass

__all__ = ["Email", "Receipt"]


@dataclass(frozen=True, slots=True)
class Email:
    """A rendered mail to one recipient. Headers hold what is beyond the usual; tags come back in the provider's
    feedback. `sender` is a From header (None: the provider's setting); answers go to `reply_to`, or to the sender."""

    to: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    reply_to: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's word that it took the mail: its URL and its own id for the mail."""

    provider: str
    message_id: str
