"""What happened to the mail of an event, from the commit to the mailbox. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from function.ledger import states
from function.reason_codes import MEANING, ReasonCode
from webapp.outbox.outbox import OutboxEvent

__all__ = [
    "ARRIVED",
    "EXPIRED",
    "FINAL",
    "MAILED",
    "STATES",
    "EventTimeline",
    "TimelineEntry",
    "TimelineStep",
    "build_record_timeline",
    "build_timeline",
    "list_steps",
]

#: Codes of rows that do not explain the mail's state.
_BESIDE = frozenset(
    {
        ReasonCode.LANGUAGE_MISSING,
        ReasonCode.RESENT,
        ReasonCode.SENT_TWICE,
        ReasonCode.SENT_AGAIN,
        ReasonCode.CORRECTED_TOO_LATE,
        ReasonCode.CANCELLED_TOO_LATE,
    }
)

#: Instead of a state: the ledger has deleted its record of the mail.
EXPIRED = "expired"

#: Every state that a timeline or its rows may have, beginning with those of the outbox.
STATES = ("committed", "published", "received", *map(str, states.State), EXPIRED)

#: States that do not change any more, unless an operator acts or late feedback corrects them.
FINAL = frozenset(map(str, states.FINAL))

_IN_DOUBT = frozenset(map(str, states.IN_DOUBT))

#: States in which a mail was sent, unless the provider did not try.
MAILED = frozenset(map(str, states.ACCEPTED - {states.State.REFUSED}))

#: States in which the mail reached the reader: only a mail that arrived can be reported as spam.
ARRIVED = frozenset({str(states.State.DELIVERED), str(states.State.COMPLAINED)})

#: States in which an operator may have the mail sent once more, as another message.
_ONCE_MORE = frozenset(map(str, states.ACCEPTED)) - {"complained"}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One step. Times are in epoch milliseconds; `ms` is how long it took."""

    state: str
    at: int
    release: str | None = None
    provider: str | None = None
    detail: str | None = None
    reason_code: str | None = None
    ms: int | None = None


@dataclass(frozen=True, slots=True)
class EventTimeline:
    """What happened to one event and its mail."""

    event_id: str
    type: str
    state: str
    final: bool
    mailed: bool
    reason: str | None
    reason_code: str | None
    held_until: int | None
    rows: tuple[TimelineEntry, ...]
    #: The message that has the event now, and the one that this message took it over from.
    successor: str | None = None
    instead_of: str | None = None
    #: Whether the mail may have been sent and an operator was asked to decide.
    parked: bool = False
    #: The trace id of the mail, in hex, if tracing is on.
    trace: str | None = None
    #: The tenant; None: the deployment itself.
    tenant: str | None = None

    @property
    def once_more(self) -> bool:
        """Whether an operator may have the mail sent once more, although a provider accepted it."""
        return self.state in _ONCE_MORE and self.successor is None


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """One entry in chronological order; `after` is the time since the previous entry, in milliseconds."""

    row: TimelineEntry
    after: int | None = None


def build_timeline(event: OutboxEvent, message: Mapping[str, Any] | None, *, for_reader: bool = False) -> EventTimeline:
    """Combine the outbox row and the ledger's record into one timeline.

    `message` is None if there is no record yet or no longer: the ledger deletes its record sooner than the outbox its
    row. Readers see our own words for each reason: a provider's message may name the owner's account, role and
    addresses.
    """
    ledger_rows = _list_ledger_rows(message or {})
    rows = [*_list_outbox_rows(event), *([_explain_row(row) for row in ledger_rows] if for_reader else ledger_rows)]
    state = str(message["state"]) if message and "state" in message else event.state
    if message is None and event.settled_at is not None:
        state = EXPIRED
    reason, reason_code = _read_reason(message or {})
    parked = _is_parked(message or {}, state)
    if for_reader:
        reason = _explain_code(reason_code)
    return EventTimeline(
        event_id=event.id,
        type=event.type,
        state=state,
        final=state in FINAL or state == EXPIRED or parked,
        mailed=_has_left(state, reason_code),
        reason=reason or event.reason,
        reason_code=reason_code,
        held_until=(message or {}).get("held_until") if state in _IN_DOUBT and not parked else None,
        rows=tuple(rows),
        successor=(message or {}).get("successor"),
        instead_of=(message or {}).get("instead_of"),
        parked=parked,
        trace=(message or {}).get("trace"),
        tenant=(message or {}).get("tenant"),
    )


def _list_outbox_rows(event: OutboxEvent) -> Iterator[TimelineEntry]:
    yield TimelineEntry("committed", event.committed_at)
    if event.published_at is not None:
        yield TimelineEntry("published", event.published_at)
    if event.republished_at is not None:
        yield TimelineEntry("published", event.republished_at, detail="again, because nothing had come of it")
    if event.rejected_at is not None:
        yield TimelineEntry("rejected", event.rejected_at, detail=event.reason)


def _list_ledger_rows(message: Mapping[str, Any]) -> Iterator[TimelineEntry]:
    """Yield the ledger's rows. A claim's row says how long reading and rendering took, which gives the time of arrival
    too."""
    for row in message.get("timeline", []):
        entry = TimelineEntry(
            row["state"], row["at"], *map(row.get, ("release", "provider", "detail", "reason_code", "ms"))
        )
        if entry.state == "sending" and entry.ms is not None:
            yield TimelineEntry("received", entry.at - entry.ms, entry.release)
        yield entry


def _explain_row(row: TimelineEntry) -> TimelineEntry:
    return replace(row, detail=_explain_code(row.reason_code))


def _explain_code(code: str | None) -> str | None:
    return MEANING[ReasonCode(code)] if code in set(ReasonCode) else None


def build_record_timeline(message_id: str, message: Mapping[str, Any]) -> EventTimeline:
    """Build a timeline from the ledger's record alone, if only the MessageId is known."""
    state = str(message["state"])
    reason, reason_code = _read_reason(message)
    parked = _is_parked(message, state)
    return EventTimeline(
        event_id=str(message.get("id") or message_id),
        type=str(message.get("type", "")),
        state=state,
        final=state in FINAL or state == EXPIRED or parked,
        mailed=_has_left(state, reason_code),
        reason=reason,
        reason_code=reason_code,
        held_until=message.get("held_until") if state in _IN_DOUBT and not parked else None,
        rows=tuple(_list_ledger_rows(message)),
        successor=message.get("successor"),
        instead_of=message.get("instead_of"),
        parked=parked,
        trace=message.get("trace"),
        tenant=message.get("tenant"),
    )


def _is_parked(message: Mapping[str, Any], state: str) -> bool:
    return "parked" in message and state in _IN_DOUBT


def _has_left(state: str, reason_code: str | None) -> bool:
    """Whether a mail was sent; a mail that the provider accepted but did not try, because of its own list, was not."""
    return state in MAILED and reason_code != ReasonCode.PROVIDER_SUPPRESSED


def _read_reason(message: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return why the mail is in its state, as a sentence and a code: from the record, else from the row of its state.

    A row about something else, such as another message that took the event over, does not explain the state.
    """
    if message.get("reason") or message.get("reason_code"):
        return message.get("reason"), message.get("reason_code")
    rows = (row for row in reversed(message.get("timeline", ())) if row["state"] == message.get("state"))
    row: Mapping[str, Any] = next((one for one in rows if one.get("reason_code") not in _BESIDE), {})
    return row.get("detail") if row.get("reason_code") else None, row.get("reason_code")


def list_steps(rows: Sequence[TimelineEntry]) -> list[TimelineStep]:
    """Return the rows in chronological order, each with the time since the previous one.

    The ledger writes rows when it learns of a step, and the relay may record a publication after the notifier has
    begun; a publication is therefore sorted before the event's receipt.
    """
    received = min((row.at for row in rows if row.state == "received"), default=None)
    ordered = sorted(rows, key=lambda row: min(row.at, received or row.at) if row.state == "published" else row.at)
    if not ordered:
        return []
    return [
        TimelineStep(ordered[0]),
        *(TimelineStep(row, max(row.at - before.at, 0)) for before, row in pairwise(ordered)),
    ]
