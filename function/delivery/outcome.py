"""What became of one delivery, for the log, the metrics and whoever must try again."""

from __future__ import annotations

from enum import StrEnum

from function.runtime.lean_dataclass import dataclass

__all__ = ["Kind", "Later", "Outcome"]


class Kind(StrEnum):
    """The ways a delivery ends; the last three come back."""

    SENT = "Sent"
    DUPLICATE = "Duplicate"
    SUPPRESSED = "Suppressed"
    REJECTED = "Rejected"
    PARKED = "Parked"
    HELD = "Held"
    RELEASED = "Released"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Later:
    """Try again: not before `at` (epoch milliseconds)."""

    at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the delivery of `message_id` ended. `detail` is one line without personal data; `synthetic` is whether a
    release was trying this version."""

    kind: Kind
    message_id: str
    type: str = ""
    detail: str = ""
    later: Later | None = None
    ms: int = 0
    provider: str = ""
    synthetic: bool = False
