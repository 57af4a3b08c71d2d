"""Reads SES's reports on a mail that it accepted. Pure.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeGuard

from function.event.cloudevent import (
    OWN_LIST_TAG,
    PROBE_TAG,
    RECIPIENT_TAG,
    SYNTHETIC_TAG,
    TENANT_TAG,
    TRACE_TAG,
    mark_recipient,
)
from function.event.envelope import MESSAGE_ID
from function.ledger.states import SUPPRESSING, Action, State
from function.providers.redaction import redact
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = [
    "KINDS",
    "WEBHOOK",
    "FeedbackEvent",
    "FeedbackKind",
    "Ignored",
    "Parsed",
    "ProbeReport",
    "drop_implied_sends",
    "parse",
]


@dataclass(frozen=True, slots=True)
class FeedbackKind:
    """What one type of SES event means for the ledger, and the metric that counts it."""

    action: Action
    state: State
    metric: str
    reason_code: ReasonCode | None = None


_REFUSED = FeedbackKind(Action.FEEDBACK_REFUSED, State.REFUSED, "Refused", ReasonCode.REFUSED_AFTER_ACCEPTANCE)
#: The values of `eventType`; bounces are distinguished by `bounceType`. Herald does not subscribe to Open, Click and
#: Subscription.
KINDS: dict[str, FeedbackKind] = {
    "Send": FeedbackKind(Action.FEEDBACK_SENT, State.SENT, "Healed"),
    "Delivery": FeedbackKind(Action.FEEDBACK_DELIVERED, State.DELIVERED, "Delivered"),
    "DeliveryDelay": FeedbackKind(Action.FEEDBACK_DELAYED, State.DELAYED, "Delayed", ReasonCode.DELIVERY_DELAYED),
    "Bounce": FeedbackKind(Action.FEEDBACK_SOFT_BOUNCED, State.SOFT_BOUNCED, "SoftBounced", ReasonCode.BOUNCED_SOFTLY),
    "Bounce/Permanent": FeedbackKind(Action.FEEDBACK_BOUNCED, State.BOUNCED, "Bounced", ReasonCode.BOUNCED),
    "Complaint": FeedbackKind(Action.FEEDBACK_COMPLAINED, State.COMPLAINED, "Complained", ReasonCode.COMPLAINED),
    "Reject": _REFUSED,
    "Rendering Failure": _REFUSED,
}
#: How a queue item begins that was written by `function.webhook` and not by SES.
WEBHOOK = '{"webhook":'
#: States in which a mail did not reach its reader.
_FAILED = frozenset({State.BOUNCED, State.SOFT_BOUNCED, State.COMPLAINED, State.REFUSED})
#: Where each type of event lists the addresses that it concerns, of one or several recipients; other types concern the
#: whole mail.
#: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
_CONCERNED = {
    "Bounce": ("bounce", "bouncedRecipients"),
    "Complaint": ("complaint", "complainedRecipients"),
    "Delivery": ("delivery", "recipients"),
    "DeliveryDelay": ("deliveryDelay", "delayedRecipients"),
}
#: Subtypes of a mail that SES did not try to send, because the address is on SES's own list.
_NOT_TRIED = frozenset({"OnAccountSuppressionList", "Suppressed"})


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """A report about one of our mails. `detail` is one line without addresses; `address` is the recipient.

    `attempt` sent the mail; `provider` was given it at `sent_at`, in epoch milliseconds (0: not known).
    """

    message_id: str
    action: Action
    state: State
    metric: str
    detail: str | None
    address: str | None
    suppress: bool
    synthetic: bool = False
    reason_code: ReasonCode | None = None
    attempt: str | None = None
    provider: str = ""
    sent_at: int = 0
    #: The tag that holds a traced mail's span.
    traceparent: str | None = None
    #: The tenant on whose own suppression list the address belongs; None: the general list.
    own_list: str | None = None
    #: Why a copy did not arrive, if the report concerns only copies; for the mail itself it then only means *sent*.
    copy_failed: str | None = None


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """SES's answer to a probe: its feedback works, for mails that `provider` was given at `sent_at` (epoch
    milliseconds). It concerns no mail to a person."""

    provider: str
    sent_at: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """An item that is not feedback about one of our mails, and why; it changes nothing."""

    why: str


Parsed = FeedbackEvent | ProbeReport | Ignored


def reduce_to_sent(event: FeedbackEvent) -> FeedbackEvent:
    """Reduce a report that concerns only copies to *sent*, since the provider accepted the mail; the copy's address is
    kept."""
    sent = KINDS["Send"]
    return replace(
        event,
        action=sent.action,
        state=sent.state,
        metric=sent.metric,
        detail=None,
        suppress=False,
        reason_code=None,
        copy_failed=" ".join(filter(None, (event.metric, event.detail))) if event.state in _FAILED else None,
    )


def drop_implied_sends(batch: Sequence[Parsed]) -> list[Parsed | None]:
    """Replace each *Send* by None if the batch contains another report on the same attempt, which implies it. A failed
    copy is kept, because it is shown."""
    more = {
        (one.message_id, one.attempt)
        for one in batch
        if isinstance(one, FeedbackEvent) and one.action is not Action.FEEDBACK_SENT
    }
    return [None if _is_send(one) and (one.message_id, one.attempt) in more else one for one in batch]


def _is_send(one: Parsed) -> TypeGuard[FeedbackEvent]:
    return isinstance(one, FeedbackEvent) and one.action is Action.FEEDBACK_SENT and one.copy_failed is None


def parse(body: str, configuration_set: str = "") -> Parsed:
    """Parse one SQS body: an SES event as SNS queued it, raw or in its envelope. Unknown fields are allowed.

    With a `configuration_set`, only mails sent with that set, or for a tenant, are ours: other applications may use the
    same tags. A tenant may have a configuration set that this version does not know, which is safe because the topic
    receives no other application's events.
    """
    event = _read_event(body)
    if event is None:
        return Ignored("not an SES event")
    kind = KINDS.get(_read_kind(event))
    if kind is None:
        return Ignored(f"no meaning for {_read_kind(event)[:40]}")
    mail = _read_object(event, "mail")
    message_id = _read_message_id(mail)
    probe = configuration_set and _read_tag(mail, PROBE_TAG[0]) == PROBE_TAG[1]
    if message_id is None and not probe:
        return Ignored("no message_id tag: not a mail of ours")
    tenant = _read_tag(mail, TENANT_TAG)
    if configuration_set and not tenant and _read_tag(mail, "ses:configuration-set") != configuration_set:
        return Ignored("another configuration set: not a mail of ours")
    provider, sent_at = _read_provider(mail), _read_sending_time(mail)
    if message_id is None:
        return ProbeReport(provider, sent_at)
    mark = _read_tag(mail, RECIPIENT_TAG)
    concerned = None if mark is None else _find_concerned(event)
    theirs = [address for address in concerned or () if mark_recipient(address) == mark]
    destination = theirs or concerned or _list_texts(mail.get("destination"))
    feedback = FeedbackEvent(
        message_id,
        kind.action,
        kind.state,
        kind.metric,
        _read_detail(event, destination[:1]),
        destination[0] if destination else None,
        kind.state in SUPPRESSING,
        _read_tag(mail, SYNTHETIC_TAG[0]) == SYNTHETIC_TAG[1],
        _find_reason_code(event, kind),
        _read_tag(mail, "attempt"),
        provider,
        sent_at,
        _read_tag(mail, TRACE_TAG),
        tenant if _read_tag(mail, OWN_LIST_TAG[0]) == OWN_LIST_TAG[1] else None,
    )
    return feedback if concerned is None or theirs else reduce_to_sent(feedback)


def _find_concerned(event: Mapping[str, Any]) -> list[str] | None:
    """Return the addresses that an event concerns; None if it concerns the mail as a whole."""
    if event["eventType"] not in _CONCERNED:
        return None
    key, name = _CONCERNED[event["eventType"]]
    named = _read_object(event, key).get(name)
    given = named if isinstance(named, list) else []
    return _list_texts([one.get("emailAddress") if isinstance(one, dict) else one for one in given])


def _read_event(body: str) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
        if isinstance(value, dict) and value.get("Type") == "Notification":
            value = json.loads(value["Message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("eventType"), str) else None


def _read_tag(mail: Mapping[str, Any], name: str) -> str | None:
    """Return the first value of a tag, which SES gives as a list."""
    values = _read_object(mail, "tags").get(name)
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else None


def _read_message_id(mail: Mapping[str, Any]) -> str | None:
    """Return the message that the mail was sent for; None if the tag is missing or not a MessageId."""
    named = _read_tag(mail, "message_id")
    return named if named is not None and MESSAGE_ID.fullmatch(named) else None


def _read_provider(mail: Mapping[str, Any]) -> str:
    """Return the provider's URL as in the settings, from the region in the sending identity's ARN; empty if that is
    missing."""
    arn = mail.get("sourceArn")
    found = re.match(r"arn:[a-z-]+:ses:([a-z0-9-]+):", arn) if isinstance(arn, str) else None
    return f"ses://{found[1]}" if found else ""


def _read_sending_time(mail: Mapping[str, Any]) -> int:
    """Return when SES was given the mail, in epoch milliseconds; 0 if that is missing."""
    try:
        return round(datetime.fromisoformat(str(mail.get("timestamp"))).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):  # some dates have no timestamp
        return 0


def _read_kind(event: Mapping[str, Any]) -> str:
    """Return the key in KINDS. A complaint that corrects an earlier one counts as a delivery; one that only says that
    the address is on SES's own list counts as a permanent bounce."""
    type_: str = event["eventType"]
    bounce, complaint = _read_object(event, "bounce"), _read_object(event, "complaint")
    if type_ in ("Bounce", "Complaint") and _was_not_tried(event):
        return "Bounce/Permanent"
    if type_ == "Complaint" and str(complaint.get("complaintFeedbackType")).strip().lower() == "not-spam":
        return "Delivery"
    permanent = type_ == "Bounce" and bounce.get("bounceType") == "Permanent"
    return f"{type_}/Permanent" if permanent else type_


def _find_reason_code(event: Mapping[str, Any], kind: FeedbackKind) -> ReasonCode | None:
    return ReasonCode.PROVIDER_SUPPRESSED if _was_not_tried(event) else kind.reason_code


def _was_not_tried(event: Mapping[str, Any]) -> bool:
    """Whether SES did not try, because the address is on its own list."""
    subtypes = (
        _read_object(event, "bounce").get("bounceSubType"),
        _read_object(event, "complaint").get("complaintSubType"),
    )
    return bool(_NOT_TRIED.intersection(map(str, subtypes)))


def _read_detail(event: Mapping[str, Any], destination: Sequence[str]) -> str | None:
    """Return the provider's explanation: the subtype, the server's answer about the address in `destination`, the
    reason; without addresses."""
    bounce, complaint = _read_object(event, "bounce"), _read_object(event, "complaint")
    known = _list_texts(_read_object(event, "mail").get("destination"))
    recipients = bounce.get("bouncedRecipients")
    bounced = [one for one in recipients if isinstance(one, dict)] if isinstance(recipients, list) else []
    first = next((one for one in bounced if one.get("emailAddress") in destination), bounced[0] if bounced else {})
    known += _list_texts([first.get("emailAddress")])
    fixed = [
        bounce.get("bounceType"),
        bounce.get("bounceSubType"),
        complaint.get("complaintSubType"),
        complaint.get("complaintFeedbackType"),
        _read_object(event, "deliveryDelay").get("delayType"),
    ]
    free = [
        first.get("diagnosticCode"),
        _read_object(event, "reject").get("reason"),
        _read_object(event, "failure").get("errorMessage"),
    ]
    texts = [redact(part) for part in _list_texts(fixed)] + [redact(part, known) for part in _list_texts(free)]
    return " ".join(part for part in texts if part)[:200] or None


def _list_texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _read_object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}
