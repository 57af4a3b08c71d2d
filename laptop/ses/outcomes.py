"""Determines the events of an accepted mail, for each recipient separately. No I/O.

The mailbox simulator: https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
The suppression list: https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["SIMULATOR", "SendingEvent", "is_simulated", "join_events", "list_events_after_sending"]

SIMULATOR = "simulator.amazonses.com"
EICAR = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"


@dataclass(frozen=True, slots=True)
class SendingEvent:
    """One feedback event: its `eventType`, the key of its details, the details, and its delay `after` acceptance in
    seconds.
    """

    type: str
    key: str
    after: float
    details: Mapping[str, Any] = field(default_factory=dict)
    #: The recipient concerned, in the webhook of a provider; empty for the mail's first recipient.
    recipient: str = ""


def is_simulated(address: str) -> bool:
    """Return whether an address belongs to the mailbox simulator."""
    return address.lower().rpartition("@")[2] == SIMULATOR


def list_events_after_sending(recipient: str, suppressed: Collection[str], content: str) -> list[SendingEvent]:
    """Return the events that follow the acceptance of a mail to one recipient, in order."""
    address = recipient.lower()
    if EICAR in content:
        return [SendingEvent("Send", "send", 0), SendingEvent("Reject", "reject", 10, {"reason": "Bad content"})]
    if address in suppressed:
        return [_SENT, *_list_suppression(recipient, "OnAccountSuppressionList")]
    name, _, domain = address.rpartition("@")
    play = _SIMULATOR.get(name.partition("+")[0], _list_delivery) if domain == SIMULATOR else _list_delivery
    return [_SENT, *play(recipient)]


#: The field that lists the recipients concerned, by event type; other events concern the whole mail.
_CONCERNED = {"Bounce": "bouncedRecipients", "Complaint": "complainedRecipients", "Delivery": "recipients"}


def join_events(events: Iterable[SendingEvent]) -> list[SendingEvent]:
    """Merge the events of several recipients as SES may: SES reports several recipients in one event or one each.

    *Guessed* here: events are merged if the recipients' domain and all other details are equal, with the last recipient
    first.
    https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
    """
    joined: list[SendingEvent] = []
    for event in events:
        at = next((number for number, one in enumerate(joined) if _is_same_outcome(one, event)), None)
        if at is None:
            joined.append(event)
        elif name := _CONCERNED.get(event.type):
            details = {**event.details, name: [*event.details[name], *joined[at].details[name]]}
            joined[at] = replace(joined[at], details=details)
    return joined


def _is_same_outcome(one: SendingEvent, other: SendingEvent) -> bool:
    def build_key(event: SendingEvent) -> tuple[object, ...]:
        name = _CONCERNED.get(event.type, "")
        domains = {
            str(each["emailAddress"] if isinstance(each, dict) else each).rpartition("@")[2].lower()
            for each in event.details.get(name, ())
        }
        return event.type, event.after, domains, {key: value for key, value in event.details.items() if key != name}

    return build_key(one) == build_key(other)


_SENT = SendingEvent("Send", "send", 0)


def _list_delivery(recipient: str) -> list[SendingEvent]:
    details = {
        "processingTimeMillis": 200,
        "recipients": [recipient],
        "smtpResponse": "250 2.0.0 OK",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
    }
    return [SendingEvent("Delivery", "delivery", 10, details)]


def _bounce(
    recipient: str, kind: str, subtype: str, status: str, diagnostic: str, after: float = 10
) -> list[SendingEvent]:
    bounced = {
        "emailAddress": recipient,
        "action": "failed" if kind == "Permanent" else "delayed",
        "status": status,
        "diagnosticCode": diagnostic,
    }
    details = {
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [bounced],
        "reportingMTA": "dns; a8-70.smtp-out.amazonses.com",
    }
    return [SendingEvent("Bounce", "bounce", after, details)]


def _list_unknown_user(recipient: str) -> list[SendingEvent]:
    return _bounce(recipient, "Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown")


def _list_out_of_office(recipient: str) -> list[SendingEvent]:
    answer = _bounce(recipient, "Transient", "General", "4.0.0", "smtp; 250 out of the office", after=20)
    return [*_list_delivery(recipient), *answer]


def _list_complaint(recipient: str) -> list[SendingEvent]:
    details = {
        "complainedRecipients": [{"emailAddress": recipient}],
        "complaintSubType": None,
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
    }
    return [*_list_delivery(recipient), SendingEvent("Complaint", "complaint", 20, details)]


def _list_suppression(recipient: str, subtype: str = "Suppressed") -> list[SendingEvent]:
    reason = "Amazon SES did not send the message to this address because it is on the suppression list."
    return _bounce(recipient, "Permanent", subtype, "5.1.1", reason)


_SIMULATOR: dict[str, Callable[[str], list[SendingEvent]]] = {
    "success": _list_delivery,
    "bounce": _list_unknown_user,
    "ooto": _list_out_of_office,
    "complaint": _list_complaint,
    "suppressionlist": _list_suppression,
}
