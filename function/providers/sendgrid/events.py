"""What SendGrid's Event Webhook reports: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event

Drop reasons: https://www.twilio.com/docs/sendgrid/glossary/drops
"""

from __future__ import annotations

import json
from typing import Any

from function.providers.ses.events import FeedbackKind, Parsed
from function.providers.webhooks import provider_events as meaning
from function.providers.webhooks.provider_events import Report, interpret_report, read_text
from function.providers.webhooks.request import MalformedWebhook

__all__ = ["KINDS", "parse", "split"]

#: Prefix of our custom arguments, as in `client.py`.
_ARGUMENT = "herald_"

#: Every value of `event`; bounces are distinguished by `type`, drops by `reason` if it is a list or a quota of
#: SendGrid's.
KINDS: dict[str, FeedbackKind | None] = {
    "processed": meaning.SENT,
    "deferred": meaning.DELAYED,
    "delivered": meaning.DELIVERED,
    "bounce": meaning.BOUNCED,
    "bounce/blocked": meaning.SOFT_BOUNCED,
    "dropped": meaning.REFUSED,
    "dropped/bounced address": meaning.NOT_TRIED,
    "dropped/invalid": meaning.NOT_TRIED,
    "dropped/spam reporting address": meaning.NOT_TRIED,
    "dropped/unsubscribed address": meaning.UNWANTED,
    "dropped/recipient list over package quota": meaning.NEVER_TRIED,
    "spamreport": meaning.COMPLAINED,
    "open": meaning.NOTHING,
    "click": meaning.NOTHING,
    "unsubscribe": meaning.NOTHING,
    "group_unsubscribe": meaning.NOTHING,
    "group_resubscribe": meaning.NOTHING,
    "account_status_change": meaning.NOTHING,
}


def split(body: bytes) -> list[dict[str, Any]]:
    """Return the events of one request, which is a JSON array. Raises MalformedWebhook."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedWebhook("the body is not JSON") from None
    if not isinstance(value, list) or not all(isinstance(event, dict) for event in value):
        raise MalformedWebhook("the body is not an array of objects")
    return value


def parse(event: dict[str, Any], provider: str) -> Parsed:
    """Interpret one event; SendGrid repeats `custom_args` beside its own fields."""
    type_ = read_text(event, "event") or read_text(event, "type")
    part = {"bounce": "type", "dropped": "reason"}.get(type_)
    finer = f"{type_}/{read_text(event, part).strip().lower()}" if part else type_
    words = tuple(read_text(event, name) for name in ("status", "reason", "response"))
    ours = {name.removeprefix(_ARGUMENT): value for name, value in event.items() if name.startswith(_ARGUMENT)}
    report = Report(finer if finer in KINDS else type_, ours, read_text(event, "email") or None, words)
    return interpret_report(report, KINDS, provider)
