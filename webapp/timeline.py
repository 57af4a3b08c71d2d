"""What happened to the mail of an event, from the commit to the mailbox: pure, no I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from webapp.outbox import OutboxEvent

#: States after which nothing happens any more, unless a person acts or a late feedback corrects it.
FINAL: Final = frozenset({"suppressed", "rejected", "refused", "delivered", "bounced", "complained"})

#: States in which a mail has left.
MAILED: Final = frozenset({"sent", "delayed", "soft_bounced", "delivered", "bounced", "complained"})


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that happened. Times are epoch milliseconds, `ms` is how long it took."""

    state: str
    at: int
    release: str | None = None
    provider: str | None = None
    detail: str | None = None
    ms: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One event and what came of it."""

    event_id: str
    type: str
    state: str
    final: bool
    mailed: bool
    reason: str | None
    held_until: int | None
    rows: tuple[Row, ...]


def notification(event: OutboxEvent, message: Mapping[str, Any] | None) -> Notification:
    """The outbox row and the ledger's record (None if there is none yet) as one story."""
    rows = [*_outbox_rows(event), *_ledger_rows(message or {})]
    state = str(message["state"]) if message and "state" in message else event.state
    reason = (message or {}).get("reason") or event.reason
    return Notification(
        event_id=event.id,
        type=event.type,
        state=state,
        final=state in FINAL,
        mailed=state in MAILED,
        reason=reason,
        held_until=(message or {}).get("held_until") if state in {"sending", "unknown"} else None,
        rows=tuple(rows),
    )


def _outbox_rows(event: OutboxEvent) -> Iterator[Row]:
    yield Row("committed", event.committed_at)
    if event.published_at is not None:
        yield Row("published", event.published_at)
    if event.republished_at is not None:
        yield Row("published", event.republished_at, detail="again, because the notifier had not heard of it")
    if event.rejected_at is not None:
        yield Row("rejected", event.rejected_at, detail=event.reason)


def _ledger_rows(message: Mapping[str, Any]) -> Iterator[Row]:
    for row in message.get("timeline", []):
        yield Row(
            state=row["state"],
            at=row["at"],
            release=row.get("release"),
            provider=row.get("provider"),
            detail=row.get("detail"),
            ms=row.get("ms"),
        )
