"""The outcome of one delivery, for the log, the metrics and the next try."""

from __future__ import annotations

from enum import StrEnum

from function.runtime.lean_dataclass import dataclass

__all__ = ["Outcome", "OutcomeKind"]


class OutcomeKind(StrEnum):
    """How a delivery can end; after the last three it is retried."""

    SCHEDULED = "Scheduled"
    COLLECTED = "Collected"
    PARTED = "Parted"
    CANCELLED = "Cancelled"
    SENT = "Sent"
    DUPLICATE = "Duplicate"
    SUPPRESSED = "Suppressed"
    REJECTED = "Rejected"
    PARKED = "Parked"
    HELD = "Held"
    RELEASED = "Released"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the delivery of `message_id` ended.

    `detail` is one line without personal data. `retry_at` is when to retry, in epoch milliseconds (None: never). `ms`
    is how long the accepting provider took. `synthetic` marks a release's test mail; `also` are metrics to count
    besides the kind.
    """

    kind: OutcomeKind
    message_id: str
    type: str = ""
    detail: str = ""
    retry_at: int | None = None
    ms: int = 0
    provider: str = ""
    synthetic: bool = False
    also: tuple[str, ...] = ()
    #: Message and attempt that certainly sent nothing, if the ledger was too busy to record it; the retry item carries
    #: it.
    not_sent: str | None = None
