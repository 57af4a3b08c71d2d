"""The pages' labels for a mail's states, with what a reader can do about each."""

from __future__ import annotations

from dataclasses import dataclass

from function.reason_codes import ReasonCode
from webapp.timeline.timeline import EXPIRED

__all__ = ["STEPS", "StateLabel", "find_step_label", "label_for"]


@dataclass(frozen=True, slots=True)
class StateLabel:
    """`tone` is the colour: wait, good, warn or bad; `step` is the state's label as a past step."""

    label: str
    tone: str
    meaning: str
    advice: str = ""
    step: str = ""


STATES = {
    "committed": StateLabel("Saved", "wait", "The book and its event were committed together.", step="Committed"),
    "published": StateLabel("Published", "wait", "The event is on its way to the notifier."),
    "received": StateLabel("Received", "wait", "The notifier has the event and writes the mail."),
    "scheduled": StateLabel("Waiting", "wait", "The mail waits for the time at which it is to be sent.", step="Kept"),
    "collected": StateLabel("Collected", "wait", "The mail comes with others, in the next digest.", step="Kept"),
    "collecting": StateLabel("Collecting", "wait", "The digest takes events until its time.", step="Kept"),
    "sending": StateLabel(
        "Sending", "wait", "The mail is written and is being handed to the mail provider.", step="Rendered"
    ),
    "released": StateLabel(
        "Trying again", "wait", "The provider did not take the mail this time; it is tried again.", step="Not taken"
    ),
    "unknown": StateLabel(
        "Waiting to hear",
        "warn",
        "The provider's answer was lost, so the mail may have left already.",
        "Nothing is sent twice in a hurry: Herald waits for the provider's own report first.",
        step="Answer lost",
    ),
    "sent": StateLabel(
        "Sent",
        "good",
        "The mail provider accepted the mail.",
        "Not there after a day? Look in your spam folder, then ask the operator to send it once more.",
        step="Accepted",
    ),
    "delayed": StateLabel(
        "Delayed",
        "warn",
        "Your mail server asked to wait; delivery is tried again.",
        "The provider goes on trying for some hours. Nothing after a day? Ask the operator to send it once more.",
    ),
    "soft_bounced": StateLabel(
        "Not delivered",
        "bad",
        "Your mail server turned the mail away, and the mail provider has stopped trying.",
        "Is your mailbox full? Make room, then ask the operator to send the mail once more.",
    ),
    "delivered": StateLabel("Delivered", "good", "Your mail server took the mail."),
    "suppressed": StateLabel(
        "Not sent",
        "bad",
        "Your address is on the list of those that get no mail.",
        "It bounced or complained earlier. Ask the operator to take it off the list.",
    ),
    "rejected": StateLabel(
        "Not sent",
        "bad",
        "The event could not become a mail.",
        "The event is kept with the reason; an operator can send it again once that is fixed.",
    ),
    "replaced": StateLabel(
        "Corrected",
        "wait",
        "The event was published anew with other content, and that one is mailed.",
    ),
    "cancelled": StateLabel("Cancelled", "wait", "The mail was cancelled before anything was sent."),
    "refused": StateLabel(
        "Refused",
        "bad",
        "The mail provider took the mail and then refused to send it.",
        "An operator can look up the reason with the provider, and send it once more.",
    ),
    "bounced": StateLabel(
        "Bounced",
        "bad",
        "Your mail server refused the mail for good.",
        "Check that the address of your account still exists; then an operator can send the mail once more.",
    ),
    "complained": StateLabel(
        "Marked as spam",
        "bad",
        "The mail was reported as spam.",
        "No more mail goes to this address until an operator takes it off the list.",
    ),
}

#: Labels for states whose reason code tells a reader more than the state does.
_FOR_A_REASON: dict[tuple[str, str], StateLabel] = {
    ("bounced", ReasonCode.PROVIDER_SUPPRESSED): StateLabel(
        "Not sent",
        "bad",
        "The mail provider did not try: your address is on a list of its own, of addresses that get no mail.",
        "Ask the operator to take it off that list, and to send the mail once more.",
    ),
    ("suppressed", ReasonCode.RECIPIENT_UNSUBSCRIBED): StateLabel(
        "Not sent", "wait", "You have stopped mails of this kind.", "Nothing; or let them come again in your settings."
    ),
    ("suppressed", ReasonCode.RECIPIENT_NOT_ALLOWED): StateLabel(
        "Not sent", "warn", "This Herald is a copy for trying things out, and your address is not on its list."
    ),
}

#: Labels of steps that do not change the mail's state, by their reason code.
STEPS: dict[str, str] = {
    ReasonCode.MAY_HAVE_GONE: "Handed to a person",
    ReasonCode.RESENT: "Resent",
    ReasonCode.SENT_TWICE: "Sent twice",
    ReasonCode.REPLACED: "Replaced by",
    ReasonCode.SENT_AGAIN: "Again by",
    ReasonCode.CORRECTED_TOO_LATE: "Corrected too late",
    ReasonCode.CANCELLED_TOO_LATE: "Cancelled too late",
    ReasonCode.DIGEST_CLOSED: "Digest closed",
}

#: In doubt and parked: nothing that the state says about work under way applies any more.
_PARKED = StateLabel(
    "Not known",
    "warn",
    "The mail may have left, and nobody can tell: neither an answer nor a report of the mail provider came.",
    "Is it in your mailbox, or among your spam? If not, ask the operator to send it once more.",
)

#: Not a state in the ledger: its record of this mail has expired.
_EXPIRED = StateLabel(
    "No longer kept", "wait", "What happened to this mail was kept for a while, and is not kept any more."
)

_OTHER = StateLabel("Under way", "wait", "A newer notifier reported something that this page does not know yet.")


def label_for(state: str, reason_code: str | None = None, *, parked: bool = False) -> StateLabel:
    """Return the label for a state, even one of a later release; `parked` says that an operator must decide."""
    if parked:
        return _PARKED
    known = _EXPIRED if state == EXPIRED else STATES.get(state, _OTHER)
    return _FOR_A_REASON.get((state, reason_code or ""), known)


def find_step_label(state: str, reason_code: str | None = None) -> str:
    """Return the label of a past step."""
    if reason_code in STEPS:
        return STEPS[reason_code]
    label = label_for(state, reason_code)
    return label.step or label.label
