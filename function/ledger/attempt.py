"""One attempt to send one mail, and the ledger's possible answers to it."""

from __future__ import annotations

from collections.abc import Mapping

from function.ledger.record import Record
from function.ledger.states import ACCEPTED, IN_DOUBT, SETTLED_UNSENT, UNTRIED, State
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = [
    "FARTHEST",
    "Attempt",
    "Claimed",
    "Duplicate",
    "Held",
    "InDoubt",
    "KeptForLater",
    "OwnedBy",
    "PredecessorInDoubt",
    "RecordedParts",
    "Suppressed",
    "TooLate",
    "Verdict",
    "evaluate_never_tried",
    "evaluate_predecessor",
    "evaluate_record",
]

#: How far ahead an event may be scheduled, in milliseconds: 90 days.
FARTHEST = 90 * 86_400_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which mail an attempt wants to send.

    - `owner` is the unique name of this attempt (request id and a nonce).
    - `letter` is the attempt that a redriven dead letter belongs to; `confirmed` says that an operator accepted a
      possible second mail.
    - `instead_of` is the message whose accepted mail is to be sent again. `never_tried` is that message's attempt which
      its provider reports as never tried; no operator's confirmation is needed then.
    - `received` is when the delivery arrived, in epoch milliseconds (0: not known).
    """

    message_id: str
    owner: str
    type: str = ""
    event_key: str | None = None
    #: Key of the address item; empty: the event names no address, and nothing can be claimed.
    address: str = ""
    #: Attribute of the address item that stops this mail, if its category can be unsubscribed from.
    choice: str | None = None
    letter: str | None = None
    confirmed: bool = False
    received: int = 0
    instead_of: str | None = None
    never_tried: str | None = None
    #: The event's own names.
    source: str | None = None
    id: str | None = None
    subject: str | None = None
    tenant: str | None = None
    #: The hash of the event's content, and the event itself, compressed; None if it cannot be kept.
    content_hash: bytes | None = None
    body: bytes | None = None
    #: All providers that the claim may use.
    providers: tuple[str, ...] = ()
    #: The record of the message that the event is taken over from; None if the event is free or belongs to this
    #: message.
    predecessor: Record | None = None
    #: Keys of address items that an older secret may have written.
    older_addresses: tuple[str, ...] = ()
    #: When the event is to be sent, in epoch milliseconds; None: at once.
    due: int | None = None
    #: The digest that the event is collected for.
    window: str | None = None
    #: The trace id of this mail, in hex; None if tracing is off.
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """The attempt has claimed the mail and may send it until `held_until` (epoch milliseconds)."""

    held_until: int


@dataclass(frozen=True, slots=True)
class KeptForLater:
    """The event is kept until its time `until` (epoch milliseconds), by itself or for the digest `window`."""

    until: int
    window: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """The attempt `owner` may be sending the mail until `until`; an empty `owner` means that the table was too busy to
    tell."""

    until: int
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The mail is settled by the attempt `owner`: nothing is left to do for this delivery. `reason_code` is the
    record's."""

    state: State
    owner: str = ""
    reason_code: str | None = None

    @property
    def was_too_old(self) -> bool:
        """Whether the mail was rejected because the event was too old."""
        return self.state is State.REJECTED and self.reason_code == ReasonCode.EVENT_EXPIRED


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The mail may have been sent, and no report came within the hold. `resend` says that the policy allows one more
    mail without an operator's confirmation, once its providers have reported on later mails."""

    record: Record
    resend: bool = False


@dataclass(frozen=True, slots=True)
class OwnedBy:
    """The event belongs to another message. With the `same` content this delivery continues as that message; with other
    content it may only take the event over."""

    message_id: str
    same: bool = True


@dataclass(frozen=True, slots=True)
class RecordedParts:
    """The event is recorded as split: each part's name, and the index of the first recipient who has it."""

    names: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PredecessorInDoubt:
    """The event belongs to the message of `record`, whose mail may have been sent, or was accepted by a provider and
    needs an operator's confirmation to be sent again."""

    record: Record


@dataclass(frozen=True, slots=True)
class TooLate:
    """The event's content differs from that of the message of `record`, whose mail was already sent."""

    record: Record


@dataclass(frozen=True, slots=True)
class Suppressed:
    """The mail is not wanted: by the reader's `choice`, an attribute of the address item; None: by the suppression
    list."""

    choice: str | None = None
    #: Key of the item that suppresses it; empty: the attempt's own address.
    address: str = ""


Verdict = Claimed | KeptForLater | Held | Duplicate | InDoubt | OwnedBy | PredecessorInDoubt | Suppressed | TooLate


def evaluate_record(record: Record, attempt: Attempt, now: int, resends: int = 0) -> Verdict:
    """Return the verdict on a claim that the state of `record` refused. A mail in doubt may be sent once more if at
    most `resends` attempts have an unknown outcome; `now` is in epoch milliseconds. Pure."""
    if record.state is State.SENDING and record.owner == attempt.owner:
        return Claimed(record.held_until)
    if record.is_held(now):
        return Held(record.held_until, record.owner)
    handed_over = record.parked == record.owner and attempt.letter != record.owner
    if record.state in IN_DOUBT and not handed_over:
        wanted = record.parked is None and record.cancelled_by is None
        return InDoubt(record, resend=wanted and record.at_risk <= resends)
    return Duplicate(record.state, record.owner, record.reason_code)


def evaluate_predecessor(record: Record, attempt: Attempt, now: int) -> Verdict | None:
    """Decide whether `attempt`, whose content differs, may take the event over from the message of `record`: None if it
    may, else the verdict. `now` is in epoch milliseconds. Pure."""
    # The caller has checked that the digest of a collected event still accepts events.
    if record.is_expired(now) or record.state in UNTRIED | SETTLED_UNSENT | {State.COLLECTED}:
        return None
    if record.state in ACCEPTED and attempt.instead_of != record.message_id:
        return TooLate(record)
    if record.state in (State.COMPLAINED, State.CANCELLED) or (record.state in ACCEPTED and record.successor):
        return Duplicate(record.state, record.owner)
    if record.state is State.REPLACED:  # the event has passed to another message, or was split by recipient
        return TooLate(record) if record.parted_by else OwnedBy(record.message_id, same=False)
    if record.held_until > now:
        return Held(record.held_until, record.owner)
    return None if attempt.confirmed else PredecessorInDoubt(record)


def evaluate_never_tried(record: Record, attempt: Attempt) -> Verdict | None:
    """Decide the same after a provider reported that it never tried: None if only the reported attempt can have sent
    the mail, or if this message has already taken it over. Pure."""
    named = record.message_id == attempt.instead_of and record.owner == attempt.never_tried
    alone = record.at_risk == 1 and record.sent_by == {attempt.never_tried}
    untouched = record.state is State.REFUSED and not (record.successor or record.cancelled_by)
    free = named and alone and untouched
    return None if free or record.successor == attempt.message_id else Duplicate(record.state, record.owner)
