"""What Mailgun's webhooks report: https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-types

Format: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhooks. The values of `reason` are not
documented and known only from examples and events; an unknown one never puts an address on a suppression list.
"""

from __future__ import annotations

from typing import Any

from function.providers.ses.events import FeedbackKind, Parsed
from function.providers.webhooks import provider_events as meaning
from function.providers.webhooks.provider_events import Report, interpret_report, read_object, read_text
from function.providers.webhooks.request import MalformedWebhook

__all__ = ["KINDS", "parse", "split"]

#: Every value of `event`; failures are distinguished by `severity`, and permanent ones by `reason` if it is known.
KINDS: dict[str, FeedbackKind | None] = {
    "accepted": meaning.SENT,
    "rejected": meaning.REFUSED,
    "delivered": meaning.DELIVERED,
    "failed": meaning.SOFT_BOUNCED,
    "failed/temporary": meaning.DELAYED,
    "failed/permanent": meaning.SOFT_BOUNCED,
    "failed/permanent/bounce": meaning.BOUNCED,
    "failed/permanent/hardfail": meaning.BOUNCED,
    "failed/permanent/suppress-bounce": meaning.NOT_TRIED,
    "failed/permanent/suppress-complaint": meaning.NOT_TRIED,
    "failed/permanent/suppress-unsubscribe": meaning.UNWANTED,
    "complained": meaning.COMPLAINED,
    "opened": meaning.NOTHING,
    "clicked": meaning.NOTHING,
    "unsubscribed": meaning.NOTHING,
    "stored": meaning.NOTHING,
    "list_member_uploaded": meaning.NOTHING,
    "list_member_upload_error": meaning.NOTHING,
    "list_uploaded": meaning.NOTHING,
}


def split(body: bytes) -> list[dict[str, Any]]:
    """Return the one event of a request. Raises MalformedWebhook."""
    event = read_object(body).get("event-data")
    if not isinstance(event, dict):
        raise MalformedWebhook("there is no event-data")
    return [event]


def parse(event: dict[str, Any], provider: str) -> Parsed:
    """Interpret one event; Mailgun repeats the mail's variables as `user-variables`."""
    parts = [read_text(event, name) for name in ("event", "severity", "reason")]
    finer = ["/".join(parts[:count]) for count in (3, 2, 1)]
    variables = event.get("user-variables")
    words = (
        read_text(event, "reason"),
        read_text(event, "delivery-status", "message") or read_text(event, "delivery-status", "description"),
        read_text(event, "reject", "reason"),
    )
    report = Report(
        next((type_ for type_ in finer if type_ in KINDS), parts[0]),
        variables if isinstance(variables, dict) else {},
        read_text(event, "recipient") or None,
        words,
    )
    return interpret_report(report, KINDS, provider)
