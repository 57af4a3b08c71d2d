"""The ledger's items about one message and one event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from function.event.compression import decompress
from function.ledger.attributes import deserialize
from function.ledger.keys import message_key
from function.ledger.states import State
from function.reason_codes import Reason
from function.runtime.lean_dataclass import dataclass

__all__ = ["EventItem", "Record", "TimelineRow"]


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One row of a message's timeline; `at` is in epoch milliseconds, `ms` is how long the provider took for the
    attempt.

    In the row of a claim, `ms` is the time from the arrival of the delivery until the mail was ready to send.
    """

    state: State
    at: int
    release: str
    provider: str | None = None
    ms: int | None = None
    detail: str | None = None
    #: A ReasonCode, if there is a reason.
    reason_code: str | None = None

    @classmethod
    def from_reason(cls, reason: Reason, state: State, at: int, release: str) -> TimelineRow:
        """Build a row with a reason."""
        return cls(state, at, release, detail=reason.text, reason_code=reason.code)

    def as_dict(self) -> dict[str, object]:
        """Return the row as it is stored; None values are left out."""
        return {
            name: value
            for name in ("state", "at", "release", "provider", "ms", "detail", "reason_code")
            if (value := getattr(self, name)) is not None
        }


@dataclass(frozen=True, slots=True)
class Record:
    """The message item. Times are in epoch milliseconds, except `expires_at`, which is in epoch seconds as TTL
    requires.

    After `expires_at` it counts as missing: TTL deletes late, and each item separately.
    """

    message_id: str
    state: State
    owner: str = ""
    held_until: int = 0
    attempts: int = 0
    #: How many attempts may have sent the mail: begun, and not known to have sent nothing.
    at_risk: int = 0
    first_at: int = 0
    #: All providers that the last claim might use; a mail in doubt waits for reports of each.
    providers: frozenset[str] = frozenset()
    #: Attempts whose mail a provider accepted.
    sent_by: frozenset[str] = frozenset()
    #: When the timeline row about two accepted attempts was written, in epoch milliseconds.
    sent_twice: int | None = None
    #: The attempt for which a dead letter waits for an operator.
    parked: str | None = None
    reason: str | None = None
    reason_code: str | None = None
    #: The event's key in the ledger, and its own names. An unreadable event has a key too.
    event_key: str | None = None
    source: str | None = None
    id: str | None = None
    subject: str | None = None
    #: The event's type, if there is a notification for it.
    type: str = ""
    #: The tenant; None: the deployment itself.
    tenant: str | None = None
    address: str | None = None
    #: The id of the last trace of this mail, in hex.
    trace: str | None = None
    #: The message that took the event over, and the one that this message took it over from.
    successor: str | None = None
    instead_of: str | None = None
    #: When a scheduled record is next looked at; the index of due records contains the record while this is set.
    due_at: int | None = None
    #: The time named by the event, while it waits.
    scheduled_for: int | None = None
    #: The attempt that its provider never tried to send, so that the mail was given to the next provider.
    never_tried: str | None = None
    #: The digest that collected the event.
    window: str | None = None
    #: For a digest: the keys of its events, without the prefix `event#`, and a counter of their changes.
    items: frozenset[str] = frozenset()
    changes: int = 0
    #: For an event with several recipients: the names of its parts, and the key that they are hashed with.
    parts: frozenset[str] = frozenset()
    parted_by: str | None = None
    #: The cancellation that came after the mail was sent or may have been.
    cancelled_by: str | None = None
    expires_at: int | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Record:
        """Read a message item; unknown attributes of a later release are ignored, missing ones of an earlier release
        get defaults."""
        values = {name: deserialize(item[name]) for name in cls.__slots__ if name in item}
        values["message_id"] = deserialize(item["pk"]).removeprefix(message_key(""))
        values["state"] = State(values["state"])
        return cls(**values)

    def is_expired(self, now: int) -> bool:
        """Whether the item expired by `now` (epoch milliseconds)."""
        return _is_past(self.expires_at, now)

    def is_held(self, now: int) -> bool:
        """Whether the owner or feedback still has time to settle it."""
        return self.state in (State.SENDING, State.UNKNOWN) and self.held_until > now


@dataclass(frozen=True, slots=True)
class EventItem:
    """The event item: which message owns the event, its content, and when it expires (epoch seconds).

    `digest` is the content hash under the attribute's name in the table (`Event.content_hash`). `body` is the event as
    published, compressed: kept from the claim on if it is short, and always from a settlement on; None if the reader
    unsubscribed.
    """

    message_id: str
    digest: bytes | None = None
    body: bytes | None = None
    expires_at: int | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> EventItem:
        """Read an event item."""
        return cls(**{name: deserialize(item[name]) for name in cls.__slots__ if name in item})

    def is_expired(self, now: int) -> bool:
        """Whether the item expired by `now` (epoch milliseconds)."""
        return _is_past(self.expires_at, now)

    @property
    def text(self) -> str | None:
        """The event as published. Raises ValueError if the body is not compressed text."""
        return None if self.body is None else decompress(self.body)


def _is_past(expires_at: int | None, now: int) -> bool:
    return expires_at is not None and expires_at * 1000 <= now
