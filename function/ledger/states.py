"""The states of one mail and all transitions between them, as data with a sentence for each.

Pure: nothing here reads a clock or a table. The conditions sent to DynamoDB are derived from these tables
(`requests.py`), so that each rule is written only once.
"""

from __future__ import annotations

from enum import StrEnum

from function.runtime.lean_dataclass import dataclass

__all__ = [
    "ACCEPTED",
    "FINAL",
    "IN_DOUBT",
    "MEANING",
    "MOVES",
    "PRECEDENCE",
    "SETTLED_UNSENT",
    "SUPPRESSING",
    "TRIED",
    "UNTRIED",
    "Action",
    "Move",
    "State",
    "list_sources",
]


class State(StrEnum):
    """What is known about the one mail of a message."""

    SCHEDULED = "scheduled"
    COLLECTED = "collected"
    COLLECTING = "collecting"
    SENDING = "sending"
    RELEASED = "released"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    SENT = "sent"
    REFUSED = "refused"
    DELAYED = "delayed"
    SOFT_BOUNCED = "soft_bounced"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


MEANING: dict[State, str] = {
    State.SCHEDULED: "kept until its time comes; nothing was sent",
    State.COLLECTED: "kept for its reader's next digest, which has its own record; the event gets no mail of its own",
    State.COLLECTING: "a digest that still takes events, until its window closes; nothing was sent",
    State.SENDING: "claimed by its owner; nobody else may send before held_until; then the mail may have been sent",
    State.RELEASED: "certainly not sent; free to be claimed again",
    State.UNKNOWN: "the provider's answer was lost; the mail may have been sent",
    State.SUPPRESSED: "the address is on the suppression list, or its reader unsubscribed; no mail was sent",
    State.REPLACED: "another message has taken the event over: it was published again with other content, an operator "
    "chose that one, or the event names several recipients, each with their own message",
    State.CANCELLED: "its publisher cancelled it, or its reader's data were erased, before anything was sent",
    State.REJECTED: "certainly not sent, and will not be until an operator redrives it",
    State.SENT: "the provider accepted the mail",
    State.REFUSED: "the provider accepted the mail, then refused to send it",
    State.DELAYED: "the recipient's server asks to wait; the provider keeps trying",
    State.SOFT_BOUNCED: "the recipient's server reported a temporary failure, and the provider has stopped trying",
    State.DELIVERED: "the recipient's server took the mail",
    State.BOUNCED: "the address does not exist or permanently refuses mail",
    State.COMPLAINED: "the recipient reported the mail as spam",
}

#: Strongest first: a record only moves to a stronger state, in whatever order or however often reports arrive.
PRECEDENCE: tuple[State, ...] = (
    State.COMPLAINED,
    State.BOUNCED,
    State.DELIVERED,
    State.SOFT_BOUNCED,
    State.DELAYED,
    State.REFUSED,
    State.SENT,
    State.CANCELLED,
    State.REJECTED,
    State.REPLACED,
    State.SUPPRESSED,
    State.UNKNOWN,
    State.SENDING,
    State.RELEASED,
    State.SCHEDULED,
    State.COLLECTED,
    State.COLLECTING,
)

#: It is unknown whether the mail was sent. Nobody else acts before `held_until`; then the policy or an operator
#: decides.
IN_DOUBT = frozenset({State.SENDING, State.UNKNOWN})
#: Feedback in these states puts the address on the suppression list.
SUPPRESSING = frozenset({State.BOUNCED, State.COMPLAINED})

#: A provider accepted the mail, whatever happened then: never sent again as the same message.
ACCEPTED = frozenset(PRECEDENCE[: PRECEDENCE.index(State.SENT) + 1])

#: The provider tried to deliver it, even if it reported the opposite before.
TRIED = frozenset(PRECEDENCE[: PRECEDENCE.index(State.REFUSED)])

#: Certainly not sent, and settled: a dead letter that names the record's attempt may try again, or settle it anew.
SETTLED_UNSENT = frozenset({State.REJECTED, State.SUPPRESSED})

#: Certainly not sent, and not settled: a delivery may claim it, and so may a correction.
UNTRIED = frozenset({State.SCHEDULED, State.RELEASED})

#: States that a reader of the timeline may take as final; a collected event continues in its digest.
FINAL = (ACCEPTED | SETTLED_UNSENT | {State.REPLACED, State.CANCELLED, State.COLLECTED}) - {State.SENT, State.DELAYED}


class Action(StrEnum):
    """Everything that may change a record."""

    #: A delivery comes before the time named by its event.
    SCHEDULE = "schedule"
    #: A delivery puts its event into its reader's current digest.
    COLLECT = "collect"
    #: A delivery finds several recipients in its event: each gets a record of its own.
    PART = "part"
    #: The publisher cancels an event that was split by recipient.
    CANCEL_PARTED = "cancel parted"
    #: A digest's window is over: its events are fixed.
    CLOSE = "close"
    #: A digest's window is over, and no events are left in it.
    CLOSE_EMPTY = "close empty"
    #: The publisher cancels the event.
    CANCEL = "cancel"
    #: The publisher cancels a collected event, whose digest is still open.
    CANCEL_COLLECTED = "cancel collected"
    #: A delivery wants to send.
    CLAIM = "claim"
    #: A delivery wants to send although an earlier attempt, past its hold, may have sent.
    RESEND = "resend"
    #: A redriven dead letter that names the record's attempt wants to send.
    REDRIVE = "redrive"
    #: The same past the hold, with an operator's confirmation that a second mail may arrive.
    REDRIVE_CONFIRMED = "redrive confirmed"
    #: The provider accepted the owner's mail.
    RECORD = "record"
    #: The owner knows that nothing was sent.
    RELEASE = "release"
    #: The owner knows that nothing was sent, and the mail was cancelled while in doubt.
    WITHDRAW = "withdraw"
    #: The owner knows that it sent nothing, but an earlier attempt may have.
    GIVE_BACK = "give back"
    #: The owner lost the provider's answer.
    LOSE = "lose"
    #: The provider refused the owner's mail permanently.
    REFUSE = "refuse"
    #: A delivery without a claim finds that the event can never be mailed.
    REJECT = "reject"
    #: A delivery without a claim finds that the address is suppressed or its reader unsubscribed.
    SUPPRESS = "suppress"
    #: A delivery writes a dead letter for an operator about a mail that may have been sent; the state does not change.
    PARK = "park"
    #: Another message with other content takes the event over.
    REPLACE = "replace"
    #: The same for a collected event, whose digest is still open.
    REPLACE_COLLECTED = "replace collected"
    #: The same past the hold, with an operator's confirmation that a second mail may arrive.
    REPLACE_CONFIRMED = "replace confirmed"
    #: What the provider reported later.
    FEEDBACK_SENT = "feedback sent"
    FEEDBACK_REFUSED = "feedback refused"
    #: The provider reports that, for a reason of its own, it never tried.
    FEEDBACK_NEVER_TRIED = "feedback never tried"
    FEEDBACK_DELAYED = "feedback delayed"
    FEEDBACK_SOFT_BOUNCED = "feedback soft bounced"
    FEEDBACK_DELIVERED = "feedback delivered"
    FEEDBACK_BOUNCED = "feedback bounced"
    FEEDBACK_COMPLAINED = "feedback complained"


@dataclass(frozen=True, slots=True)
class Move:
    """What an action does to a record: the new state (None: unchanged), and why."""

    to: State | None
    why: str


_FEEDBACK: dict[Action, State] = {
    Action.FEEDBACK_SENT: State.SENT,
    Action.FEEDBACK_REFUSED: State.REFUSED,
    Action.FEEDBACK_NEVER_TRIED: State.REFUSED,
    Action.FEEDBACK_DELAYED: State.DELAYED,
    Action.FEEDBACK_SOFT_BOUNCED: State.SOFT_BOUNCED,
    Action.FEEDBACK_DELIVERED: State.DELIVERED,
    Action.FEEDBACK_BOUNCED: State.BOUNCED,
    Action.FEEDBACK_COMPLAINED: State.COMPLAINED,
}

#: The actions that change a record; the state None means "no record yet". Any other combination leaves it unchanged.
_CHANGES: dict[Action, dict[State | None, tuple[State, str]]] = {
    Action.SCHEDULE: {
        None: (State.SCHEDULED, "the event is to be sent later, and is kept until then"),
        State.RELEASED: (State.SCHEDULED, "no attempt sent anything, and by this clock its time has not come"),
    },
    Action.COLLECT: {
        None: (State.COLLECTED, "the event is mailed with others, at its reader's next digest"),
        State.RELEASED: (State.COLLECTED, "no attempt sent anything, and the event is mailed with others now"),
        State.SCHEDULED: (State.COLLECTED, "its time has come, and it is mailed with others"),
    },
    Action.PART: {
        None: (State.REPLACED, "the event names several recipients, and each has a record of its own"),
        State.RELEASED: (State.REPLACED, "no attempt sent anything, and each recipient has a record of its own now"),
    },
    Action.CANCEL_PARTED: {
        State.REPLACED: (
            State.CANCELLED,
            "its publisher no longer wants the mail, and each recipient's mail is cancelled too",
        ),
    },
    Action.CLOSE: {
        State.COLLECTING: (State.SCHEDULED, "the window is over: the digest is a mail whose time has come"),
    },
    Action.CLOSE_EMPTY: {
        State.COLLECTING: (State.CANCELLED, "the window is over, and all its events were cancelled or erased"),
    },
    Action.CANCEL: {
        None: (State.CANCELLED, "the cancellation came before its event, which will find it"),
        **dict.fromkeys(
            (State.SCHEDULED, State.RELEASED, State.REJECTED, State.SUPPRESSED),
            (State.CANCELLED, "nothing was sent, and its publisher no longer wants the mail"),
        ),
    },
    Action.CANCEL_COLLECTED: {
        State.COLLECTED: (State.CANCELLED, "its digest was still open, and its publisher no longer wants the mail"),
    },
    Action.CLAIM: {
        None: (State.SENDING, "the first delivery takes the mail"),
        State.SCHEDULED: (State.SENDING, "its time has come"),
        State.RELEASED: (State.SENDING, "the last attempt certainly sent nothing, so the next may try"),
    },
    Action.RESEND: {
        State.SENDING: (State.SENDING, "its owner died, the hold is over, and the policy allows one more mail"),
        State.UNKNOWN: (State.SENDING, "no report came during the hold, and the policy allows one more mail"),
    },
    Action.REDRIVE: {
        State.REJECTED: (State.SENDING, "an operator wants the rejected mail tried again"),
        State.SUPPRESSED: (
            State.SENDING,
            "the address is cleared, or subscribed again, and an operator wants the mail sent",
        ),
    },
    Action.REDRIVE_CONFIRMED: {
        State.SENDING: (State.SENDING, "an operator accepts that this may be a second mail"),
        State.UNKNOWN: (State.SENDING, "an operator accepts that this may be a second mail"),
    },
    Action.RECORD: {State.SENDING: (State.SENT, "the provider accepted the owner's mail")},
    Action.RELEASE: {State.SENDING: (State.RELEASED, "the owner's attempt certainly sent nothing")},
    Action.WITHDRAW: {State.SENDING: (State.CANCELLED, "certainly not sent after all, and it was cancelled")},
    Action.GIVE_BACK: {
        State.SENDING: (State.UNKNOWN, "this attempt certainly sent nothing, but an earlier one may have")
    },
    Action.LOSE: {State.SENDING: (State.UNKNOWN, "the provider's answer to the owner was lost")},
    Action.REFUSE: {State.SENDING: (State.REJECTED, "the provider will never accept the owner's mail")},
    Action.REJECT: {
        None: (State.REJECTED, "the event can never be a mail, and nothing was tried"),
        State.RELEASED: (State.REJECTED, "no attempt sent anything, and none will"),
        State.SCHEDULED: (State.REJECTED, "the event that waited can never be a mail"),
    },
    Action.SUPPRESS: {
        None: (State.SUPPRESSED, "the address gets no mail, and nothing was tried"),
        State.RELEASED: (
            State.SUPPRESSED,
            "the address was put on the list, or its reader unsubscribed, before anything was sent",
        ),
        State.SCHEDULED: (
            State.SUPPRESSED,
            "the address was put on the list, or its reader unsubscribed, while the event waited",
        ),
    },
    Action.PARK: {},
    Action.REPLACE: dict.fromkeys(
        (State.SCHEDULED, State.RELEASED, State.REJECTED, State.SUPPRESSED),
        (State.REPLACED, "nothing was sent, and a later publication has other content"),
    ),
    Action.REPLACE_COLLECTED: {
        State.COLLECTED: (State.REPLACED, "its digest was still open, and a later publication has other content"),
    },
    Action.REPLACE_CONFIRMED: dict.fromkeys(
        (State.SENDING, State.UNKNOWN),
        (State.REPLACED, "an operator accepts that the other content may be a second mail"),
    ),
}

_STAYS: dict[Action, str] = {
    Action.SCHEDULE: "it is already kept, or has moved on",
    Action.COLLECT: "it is already collected, or has moved on",
    Action.PART: "its recipients already have records of their own, or it has moved on",
    Action.CANCEL_PARTED: "only an event that was split by recipient has parts to cancel",
    Action.CLOSE: "only a window that still takes events is closed",
    Action.CLOSE_EMPTY: "only a window that still takes events is closed",
    Action.CANCEL_COLLECTED: "only an event in an open window can be taken out of it",
    Action.REPLACE_COLLECTED: "only an event in an open window can be taken out of it",
    Action.CANCEL: "a mail that was sent, or may have been, cannot be recalled: the cancellation came too late",
    Action.CLAIM: "the mail was sent, is being sent, or waits for an operator: this delivery is a duplicate or is held",
    Action.RESEND: "only a mail in doubt is sent once more",
    Action.REDRIVE: "a mail that was sent, or may have been, is not redriven without a yes",
    Action.REDRIVE_CONFIRMED: "a mail that was sent is not redriven, even with a yes",
    Action.RECORD: "feedback was faster, or another attempt owns it: the record already knows more",
    Action.RELEASE: "the record already knows more than this owner",
    Action.WITHDRAW: "the record already knows more than this owner",
    Action.GIVE_BACK: "the record already knows more than this owner",
    Action.LOSE: "the record already knows more than this owner",
    Action.REFUSE: "the record already knows more than this owner",
    Action.REJECT: "a mail that was sent, may have been sent or waits for an operator is not overwritten by a refusal",
    Action.SUPPRESS: "a mail that was sent, may have been sent or waits for an operator is not overwritten",
    Action.PARK: "a dead letter was written for an operator; the state of the mail does not change",
    Action.REPLACE: "a mail that was sent, or may have been, is not replaced by other content",
    Action.REPLACE_CONFIRMED: "a mail that was certainly sent is not replaced, even with a yes",
}


def _move_by_feedback(state: State, now: State | None) -> Move:
    if now is None:
        return Move(state, "feedback came before any record: it creates the record")
    if PRECEDENCE.index(state) < PRECEDENCE.index(now):
        return Move(state, f"{state} says more than {now}")
    return Move(None, f"{state} adds nothing to what {now} says")


def _move(action: Action, state: State | None) -> Move:
    if action in _FEEDBACK:
        return _move_by_feedback(_FEEDBACK[action], state)
    change = _CHANGES[action].get(state)
    return Move(*change) if change else Move(None, _STAYS[action])


#: The complete table: (state or None, action) to the resulting move.
MOVES: dict[tuple[State | None, Action], Move] = {
    (state, action): _move(action, state) for action in Action for state in (None, *State)
}


def list_sources(action: Action) -> tuple[State, ...]:
    """Return the existing states that `action` changes, weakest last."""
    return tuple(state for state in PRECEDENCE if MOVES[state, action].to is not None)
