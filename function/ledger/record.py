"""What the ledger knows of one message and of one event, read from their items."""

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
    """One line of a message's timeline; `at` in epoch milliseconds, `ms` the provider's time for the attempt.

    In the row of a claim, `ms` is the time from the arrival of the delivery until the mail was ready to send.
    """

    state: State
    at: int
    release: str
    provider: str | None = None
    ms: int | None = None
    detail: str | None = None
    #: A ReasonCode, wherever there is a reason.
    reason_code: str | None = None

    @classmethod
    def of(cls, reason: Reason, state: State, at: int, release: str) -> TimelineRow:
        """A row that says why."""
        return cls(state, at, release, detail=reason.text, reason_code=reason.code)

    def as_dict(self) -> dict[str, object]:
        """The row as it is stored; what is None is left out."""
        return {
            name: value
            for name in ("state", "at", "release", "provider", "ms", "detail", "reason_code")
            if (value := getattr(self, name)) is not None
        }


@dataclass(frozen=True, slots=True)
class Record:
    """The message item. Times are epoch milliseconds, but `expires_at`, which is epoch seconds as TTL wants it.

    Past `expires_at` it counts as missing: TTL deletes late, and each item by itself.
    """

    message_id: str
    state: State
    owner: str = ""
    held_until: int = 0
    attempts: int = 0
    #: Attempts that may have put a mail on its way: begun, and not known to have sent nothing.
    at_risk: int = 0
    first_at: int = 0
    #: All that the last claim might use; what is in doubt waits for the reports of each.
    providers: frozenset[str] = frozenset()
    #: Attempts that a provider said it accepted.
    sent_by: frozenset[str] = frozenset()
    #: When the timeline row about two accepted attempts was written.
    sent_twice: int | None = None
    #: The attempt for which a letter went to a person.
    parked: str | None = None
    reason: str | None = None
    reason_code: str | None = None
    #: The event's key in the ledger, and its own names. Who sent no readable event has a key all the same.
    event_key: str | None = None
    source: str | None = None
    id: str | None = None
    subject: str | None = None
    #: The event's type, if there is a notification for it.
    type: str = ""
    #: Whose mail it is, if not the deployment's own.
    tenant: str | None = None
    address: str | None = None
    #: The trace that its mail was followed in last, in hex.
    trace: str | None = None
    #: The message that took the event, and the one that this took it from.
    successor: str | None = None
    instead_of: str | None = None
    #: When it is looked at next, while it waits for its time: the index of what is due has it as long as this is here.
    due_at: int | None = None
    #: The time that its event names, as long as it waits.
    scheduled_for: int | None = None
    #: The attempt that the provider never tried to send, and whose mail was given to the next one for it.
    never_tried: str | None = None
    #: The digest that has the event.
    window: str | None = None
    #: Of a digest: the keys of its events, without their `event#`, and how often these or their content changed.
    items: frozenset[str] = frozenset()
    changes: int = 0
    #: Of an event with several recipients: the names of these, and what they are hashed under.
    parts: frozenset[str] = frozenset()
    parted_by: str | None = None
    #: The cancellation that came after the mail was sent, or may have been.
    cancelled_by: str | None = None
    expires_at: int | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Record:
        """Read a message item; attributes of a later release are ignored, missing ones of an earlier have defaults."""
        values = {name: deserialize(item[name]) for name in cls.__slots__ if name in item}
        values["message_id"] = deserialize(item["pk"]).removeprefix(message_key(""))
        values["state"] = State(values["state"])
        return cls(**values)

    def is_expired(self, now: int) -> bool:
        """Whether TTL should have deleted it by `now` (epoch milliseconds)."""
        return _is_past(self.expires_at, now)

    def is_held(self, now: int) -> bool:
        """Whether its owner, or feedback, still has the time to settle it."""
        return self.state in (State.SENDING, State.UNKNOWN) and self.held_until > now


@dataclass(frozen=True, slots=True)
class EventItem:
    """The event item: which message owns the event, what it says, and until when (epoch seconds) that is kept.

    `digest` is the hash of the content, as the attribute is called in the table (`Event.content_hash`). `body` is the
    event as it was published, compressed: from the claim on if it is short, from a settlement on always; None for a
    reader who unsubscribed.
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
        """As of a record."""
        return _is_past(self.expires_at, now)

    @property
    def text(self) -> str | None:
        """The event as it was published. Raises ValueError if it is no compressed text."""
        return None if self.body is None else decompress(self.body)


def _is_past(expires_at: int | None, now: int) -> bool:
    return expires_at is not None and expires_at * 1000 <= now
