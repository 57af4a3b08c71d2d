"""What Resend's webhooks report: https://resend.com/docs/webhooks/event-types

Each type has its own page below that one, such as https://resend.com/docs/webhooks/emails/bounced.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from function.providers.ses.events import FeedbackKind, Parsed
from function.providers.webhooks import provider_events as meaning
from function.providers.webhooks.provider_events import Report, interpret_report, read_object, read_text
from function.providers.webhooks.request import MalformedWebhook

__all__ = ["KINDS", "parse", "split"]

#: Every value of `type`; bounces are distinguished by `bounce.type` or, if that says more, `bounce.subType`, and
#: failures by `failed.reason` if it is a quota of Resend's.
KINDS: dict[str, FeedbackKind | None] = {
    "email.sent": meaning.SENT,
    "email.delivered": meaning.DELIVERED,
    "email.delivery_delayed": meaning.DELAYED,
    "email.bounced": meaning.BOUNCED,
    "email.bounced/transient": meaning.SOFT_BOUNCED,
    "email.bounced/undetermined": meaning.SOFT_BOUNCED,
    "email.bounced/suppressed": meaning.NOT_TRIED,
    "email.bounced/onaccountsuppressionlist": meaning.NOT_TRIED,
    "email.suppressed": meaning.NOT_TRIED,
    "email.complained": meaning.COMPLAINED,
    "email.failed": meaning.REFUSED,
    "email.failed/reached_daily_quota": meaning.NEVER_TRIED,
    "email.scheduled": meaning.NOTHING,
    "email.opened": meaning.NOTHING,
    "email.clicked": meaning.NOTHING,
    "email.received": meaning.NOTHING,
    "contact.created": meaning.NOTHING,
    "contact.updated": meaning.NOTHING,
    "contact.deleted": meaning.NOTHING,
    "domain.created": meaning.NOTHING,
    "domain.updated": meaning.NOTHING,
    "domain.deleted": meaning.NOTHING,
}


def split(body: bytes) -> list[dict[str, Any]]:
    """Return the one event of a request. Raises MalformedWebhook."""
    event = read_object(body)
    if not isinstance(event.get("data"), dict):
        raise MalformedWebhook("there is no data")
    return [event]


def parse(event: dict[str, Any], provider: str) -> Parsed:
    """Interpret one event."""
    type_, data = read_text(event, "type"), event.get("data")
    parts = (("bounce", "subType"), ("bounce", "type"), ("failed", "reason"))
    finer = [f"{type_}/{read_text(data, *part).lower()}" for part in parts]
    words = (
        read_text(data, "bounce", "subType"),
        read_text(data, "bounce", "message"),
        read_text(data, "failed", "reason"),
        read_text(data, "suppressed", "message"),
    )
    to = data.get("to") if isinstance(data, dict) else None
    address = to[0] if isinstance(to, list) and to else to
    tags = _read_tags(data.get("tags") if isinstance(data, dict) else None)
    chosen = next((one for one in finer if one in KINDS), type_)
    return interpret_report(Report(chosen, tags, address if isinstance(address, str) else None, words), KINDS, provider)


def _read_tags(given: object) -> Mapping[str, Any]:
    """Read tags given as an object, or as the list in which they were sent."""
    if isinstance(given, list):
        return {read_text(tag, "name"): read_text(tag, "value") for tag in given}
    return given if isinstance(given, dict) else {}
