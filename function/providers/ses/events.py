"""Reads what SES says of a mail after it took it. Pure.

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
from function.ledger.states import Action, State
from function.providers.redaction import redact
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = [
    "KINDS",
    "MESSAGE_ID",
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
    """What one type of SES event means to the ledger, and how it is counted."""

    action: Action
    state: State
    metric: str
    reason_code: ReasonCode | None = None


_REFUSED = FeedbackKind(Action.FEEDBACK_REFUSED, State.REFUSED, "Refused", ReasonCode.REFUSED_AFTER_ACCEPTANCE)
#: The values of `eventType`; bounces are told apart by `bounceType`. Open, Click and Subscription are not subscribed.
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
#: What a delivery's MessageId is: no record is made under anything else.
MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
#: How an item of the queue begins that `function.webhook` wrote, and not SES.
WEBHOOK = '{"webhook":'
_SUPPRESSING = frozenset({State.BOUNCED, State.COMPLAINED})
#: What a mail did not come to its reader by.
_FAILED = frozenset({State.BOUNCED, State.SOFT_BOUNCED, State.COMPLAINED, State.REFUSED})
#: Where each type of event names those whom it concerns, which may be several of a mail's or one; others concern all.
#: https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
_CONCERNED = {
    "Bounce": ("bounce", "bouncedRecipients"),
    "Complaint": ("complaint", "complainedRecipients"),
    "Delivery": ("delivery", "recipients"),
    "DeliveryDelay": ("deliveryDelay", "delayedRecipients"),
}
#: Subtypes of what SES did not even try, because the address is on its own list.
_NOT_TRIED = frozenset({"OnAccountSuppressionList", "Suppressed"})


@dataclass(frozen=True, slots=True)
class FeedbackEvent:
    """One event about one of our mails. `detail` is one line with every address cut out; `address` is the recipient.

    `attempt` is the one that sent the mail; `provider` was given it at `sent_at`, in epoch milliseconds (0: not said).
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
    #: The tag by which the mail of a traced delivery names its span.
    traceparent: str | None = None
    #: The tenant on whose own suppression list the address is to be put, if not on that of all.
    own_list: str | None = None
    #: Of a report on copies alone that did not arrive: why. Of the mail it says no more than that it was sent.
    copy_failed: str | None = None


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """SES answers to a probe: its feedback works, for mails that `provider` was given at `sent_at` (epoch
    milliseconds). It is about no mail of anybody's."""

    provider: str
    sent_at: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """Not feedback on a mail of ours, and why; it has nothing to move."""

    why: str


Parsed = FeedbackEvent | ProbeReport | Ignored


def reduce_to_sent(event: FeedbackEvent) -> FeedbackEvent:
    """What a report on copies alone says of the mail: that its provider took it. Whom it names stays, to be told."""
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
    """The batch with None for every *Send* of an attempt of which it says more: whatever else SES says implies it. What
    became of copies stays, because it is shown."""
    more = {
        (one.message_id, one.attempt)
        for one in batch
        if isinstance(one, FeedbackEvent) and one.action is not Action.FEEDBACK_SENT
    }
    return [None if _is_send(one) and (one.message_id, one.attempt) in more else one for one in batch]


def _is_send(one: Parsed) -> TypeGuard[FeedbackEvent]:
    return isinstance(one, FeedbackEvent) and one.action is Action.FEEDBACK_SENT and one.copy_failed is None


def parse(body: str, configuration_set: str = "") -> Parsed:
    """Read one SQS body: an SES event, as SNS queued it, raw or in its envelope. Unknown fields are tolerated.

    With a `configuration_set` only what was sent under that, or for a tenant, is ours: other apps tag their mails as
    they like. A tenant may have a set of its own, which this version need not know: the topic takes no other's.
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
    told = FeedbackEvent(
        message_id,
        kind.action,
        kind.state,
        kind.metric,
        _read_detail(event, destination[:1]),
        destination[0] if destination else None,
        kind.state in _SUPPRESSING,
        _read_tag(mail, SYNTHETIC_TAG[0]) == SYNTHETIC_TAG[1],
        _find_reason_code(event, kind),
        _read_tag(mail, "attempt"),
        provider,
        sent_at,
        _read_tag(mail, TRACE_TAG),
        tenant if _read_tag(mail, OWN_LIST_TAG[0]) == OWN_LIST_TAG[1] else None,
    )
    return told if concerned is None or theirs else reduce_to_sent(told)


def _find_concerned(event: Mapping[str, Any]) -> list[str] | None:
    """The addresses that an event names as those whom it concerns; None: it concerns the mail as a whole."""
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
    """SES gives the values of a tag as a list."""
    values = _read_object(mail, "tags").get(name)
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else None


def _read_message_id(mail: Mapping[str, Any]) -> str | None:
    """The message that the mail was sent for; None if it has no such tag, or one that names no message."""
    named = _read_tag(mail, "message_id")
    return named if named is not None and MESSAGE_ID.fullmatch(named) else None


def _read_provider(mail: Mapping[str, Any]) -> str:
    """As settings name it, by the region in the ARN of the identity that sent; empty if that is not said."""
    arn = mail.get("sourceArn")
    found = re.match(r"arn:[a-z-]+:ses:([a-z0-9-]+):", arn) if isinstance(arn, str) else None
    return f"ses://{found[1]}" if found else ""


def _read_sending_time(mail: Mapping[str, Any]) -> int:
    """When SES was given the mail, in epoch milliseconds; 0 if that is not said."""
    try:
        return round(datetime.fromisoformat(str(mail.get("timestamp"))).timestamp() * 1000)
    except (ValueError, OverflowError, OSError):  # nor can every date be counted
        return 0


def _read_kind(event: Mapping[str, Any]) -> str:
    """The key of KINDS: a complaint that corrects an earlier one is a delivery, one that SES made of its own list a
    bounce that was never tried."""
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
    """Whether SES says that the address is on its own list."""
    subtypes = (
        _read_object(event, "bounce").get("bounceSubType"),
        _read_object(event, "complaint").get("complaintSubType"),
    )
    return bool(_NOT_TRIED.intersection(map(str, subtypes)))


def _read_detail(event: Mapping[str, Any], told: Sequence[str]) -> str | None:
    """Why, in the provider's words: the subtype, the server's answer to the address that is `told` of, the reason;
    addresses are cut out."""
    bounce, complaint = _read_object(event, "bounce"), _read_object(event, "complaint")
    known = _list_texts(_read_object(event, "mail").get("destination"))
    recipients = bounce.get("bouncedRecipients")
    bounced = [one for one in recipients if isinstance(one, dict)] if isinstance(recipients, list) else []
    first = next((one for one in bounced if one.get("emailAddress") in told), bounced[0] if bounced else {})
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
    said = [redact(part) for part in _list_texts(fixed)] + [redact(part, known) for part in _list_texts(free)]
    return " ".join(part for part in said if part)[:200] or None


def _list_texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _read_object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}
