"""One delivery's try at one mail, and what the ledger can answer to it."""

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
    "Kept",
    "OwnedBy",
    "Parted",
    "PredecessorInDoubt",
    "Suppressed",
    "TooLate",
    "Verdict",
    "evaluate_never_tried",
    "evaluate_predecessor",
    "evaluate_record",
]

#: How far ahead an event may want to be sent, in milliseconds: 90 days.
FARTHEST = 90 * 86_400_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who wants to send which mail.

    `owner` is unique to this try (request id and a nonce) and names the attempt for ever; `letter` is the attempt
    that a redriven letter belongs to, and `confirmed` the person's *yes* to a possible second mail; `instead_of` is the
    message whose accepted mail a person wants sent again. `received` is when the delivery came, in epoch milliseconds
    (0: not known). `never_tried` is the attempt of that message whose provider says that it never tried: nobody else's
    yes is needed then.
    """

    message_id: str
    owner: str
    type: str = ""
    event_key: str | None = None
    #: Key of the address's item; empty: the event names none, and nothing can be claimed.
    address: str = ""
    #: Attribute of the address's item that stops this mail, if it is one that a reader may unsubscribe from.
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
    #: What the event says, as a hash, and the event itself, compressed; None if it cannot be kept.
    content_hash: bytes | None = None
    body: bytes | None = None
    #: All that a claim may use.
    providers: tuple[str, ...] = ()
    #: The record of the message that the event is taken from; None where the event is free, or this message's.
    predecessor: Record | None = None
    #: Keys under which an older secret may have kept something about the address.
    older_addresses: tuple[str, ...] = ()
    #: When the event wants to be sent, in epoch milliseconds; None: at once.
    due: int | None = None
    #: The digest that the event is collected for.
    window: str | None = None
    #: The trace that this mail is followed in, in hex; None where mails are not traced.
    trace: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """The mail is ours to send until `held_until` (epoch milliseconds)."""

    held_until: int


@dataclass(frozen=True, slots=True)
class Kept:
    """It is kept until its time comes, `until` (epoch milliseconds), by itself or for the digest `window`."""

    until: int
    window: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """The attempt `owner` may be sending it until `until` (empty: not known, the table was too busy to judge)."""

    until: int
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """It is settled, by the attempt `owner`: nothing is left to do for this delivery. `reason_code` is the record's."""

    state: State
    owner: str = ""
    reason_code: str | None = None

    @property
    def was_too_old(self) -> bool:
        """Whether no mail came of it because the event came too late."""
        return self.state is State.REJECTED and self.reason_code == ReasonCode.EVENT_EXPIRED


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The mail may have been sent, and no report came within the hold. `resend`: the policy allows one more mail
    without an operator's yes, once its providers have reported on later ones."""

    record: Record
    resend: bool = False


@dataclass(frozen=True, slots=True)
class OwnedBy:
    """The event belongs to another message. With the `same` content this delivery goes on in its name; with another
    it may take the event from it, never act for it."""

    message_id: str
    same: bool = True


@dataclass(frozen=True, slots=True)
class Parted:
    """The event is written down as parted: by the name of each part, the number of the first recipient who has it."""

    names: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PredecessorInDoubt:
    """The event belongs to the message of `record`, whose mail may have gone, or which a provider accepted and only a
    person's yes has sent again."""

    record: Record


@dataclass(frozen=True, slots=True)
class TooLate:
    """The event came with other content than that of the message of `record`, whose mail was sent."""

    record: Record


@dataclass(frozen=True, slots=True)
class Suppressed:
    """No mail is wanted: the reader's `choice` says so, an attribute of the address's item; None: it is on the list."""

    choice: str | None = None
    #: Key of the item that says so; empty: of the attempt's own address.
    address: str = ""


Verdict = Claimed | Kept | Held | Duplicate | InDoubt | OwnedBy | PredecessorInDoubt | Suppressed | TooLate


def evaluate_record(record: Record, attempt: Attempt, now: int, resends: int = 0) -> Verdict:
    """The verdict on a claim that the state of `record` refused. A mail in doubt may be sent once more after at most
    `resends` attempts of unknown outcome; `now` in epoch milliseconds. Pure."""
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
    """Whether `attempt`, whose content differs, may take the event over from the message of `record`: None if it may,
    else why not. `now` in epoch milliseconds. Pure."""
    # Of what is collected the caller has seen that its window takes events still.
    if record.is_expired(now) or record.state in UNTRIED | SETTLED_UNSENT | {State.COLLECTED}:
        return None
    if record.state in ACCEPTED and attempt.instead_of != record.message_id:
        return TooLate(record)
    if record.state in (State.COMPLAINED, State.CANCELLED) or (record.state in ACCEPTED and record.successor):
        return Duplicate(record.state, record.owner)
    if record.state is State.REPLACED:  # the event has just gone on to another message, or to one of each recipient
        return TooLate(record) if record.parted_by else OwnedBy(record.message_id, same=False)
    if record.held_until > now:
        return Held(record.held_until, record.owner)
    return None if attempt.confirmed else PredecessorInDoubt(record)


def evaluate_never_tried(record: Record, attempt: Attempt) -> Verdict | None:
    """The same after a provider's report that it never tried: the event may be taken over if only the reported attempt
    can have sent the mail, or if this message has taken it over already. Pure."""
    named = record.message_id == attempt.instead_of and record.owner == attempt.never_tried
    alone = record.at_risk == 1 and record.sent_by == {attempt.never_tried}
    untouched = record.state is State.REFUSED and not (record.successor or record.cancelled_by)
    free = named and alone and untouched
    return None if free or record.successor == attempt.message_id else Duplicate(record.state, record.owner)
