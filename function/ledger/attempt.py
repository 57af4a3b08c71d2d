"""One delivery's try at one mail, and what the ledger can answer to it."""

from __future__ import annotations

from function.ledger.record import Record
from function.ledger.states import IN_DOUBT, State
from function.runtime.lean_dataclass import dataclass

__all__ = ["Attempt", "Claimed", "Duplicate", "Held", "InDoubt", "OwnedBy", "Suppressed", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who wants to send which mail.

    `owner` is unique to this try (request id and a nonce) and names the attempt for ever; `letter` is the attempt
    that a redriven letter belongs to, and `confirmed` the person's *yes* to a possible second mail. `received` is when
    the delivery came, in epoch milliseconds (0: not known).
    """

    message_id: str
    owner: str
    type: str = ""
    event_key: str | None = None
    address: str | None = None
    #: Attribute of the address's item that stops this mail, if it is one that a reader may unsubscribe from.
    choice: str | None = None
    letter: str | None = None
    confirmed: bool = False
    received: int = 0


@dataclass(frozen=True, slots=True)
class Claimed:
    """The mail is ours to send until `held_until` (epoch milliseconds)."""

    held_until: int


@dataclass(frozen=True, slots=True)
class Held:
    """The attempt `owner` may be sending it until `until` (empty: not known, the table was too busy to judge)."""

    until: int
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """It is settled, by the attempt `owner`: nothing is left to do for this delivery."""

    state: State
    owner: str = ""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """It may have gone, nothing was heard in the hold, and nobody licensed another mail: a person must look."""

    record: Record


@dataclass(frozen=True, slots=True)
class OwnedBy:
    """The event was published twice; the other message owns it and this delivery goes on in its name."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Suppressed:
    """No mail is wanted: the reader's `choice` says so, an attribute of the address's item; None: it is on the list."""

    choice: str | None = None


Verdict = Claimed | Held | Duplicate | InDoubt | OwnedBy | Suppressed


def judge(record: Record, attempt: Attempt, now: int) -> Verdict:
    """What a claim that the message item refused means for the delivery. Pure."""
    if record.state is State.SENDING and record.owner == attempt.owner:
        return Claimed(record.held_until)
    if record.held(now):
        return Held(record.held_until, record.owner)
    handed_over = record.parked == record.owner and attempt.letter != record.owner
    if record.state in IN_DOUBT and not handed_over:
        return InDoubt(record)
    return Duplicate(record.state, record.owner)
