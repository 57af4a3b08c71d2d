"""Converts providers' webhook reports into the ledger's terms: shared by the tables of SendGrid, Mailgun and Resend.

`function.webhook` queues each event in an envelope that names the provider; `webhook_registry` opens it. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

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
from function.ledger.states import SUPPRESSING, Action
from function.providers.redaction import redact
from function.providers.ses.events import KINDS as SES_KINDS
from function.providers.ses.events import (
    FeedbackEvent,
    FeedbackKind,
    Ignored,
    Parsed,
    ProbeReport,
    reduce_to_sent,
)
from function.providers.webhooks.request import MalformedWebhook
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = [
    "BOUNCED",
    "COMPLAINED",
    "DELAYED",
    "DELIVERED",
    "NEVER_TRIED",
    "NOTHING",
    "NOT_TRIED",
    "REFUSED",
    "SENT",
    "SOFT_BOUNCED",
    "UNWANTED",
    "Report",
    "enclose",
    "interpret_report",
    "read_object",
    "read_text",
]

#: The same kinds as SES's, so that each word has the same meaning for every provider.
SENT, DELIVERED, DELAYED = SES_KINDS["Send"], SES_KINDS["Delivery"], SES_KINDS["DeliveryDelay"]
SOFT_BOUNCED, BOUNCED = SES_KINDS["Bounce"], SES_KINDS["Bounce/Permanent"]
COMPLAINED, REFUSED = SES_KINDS["Complaint"], SES_KINDS["Reject"]
#: Not tried for a reason of the provider's own, unrelated to the mail or its reader: the next provider may try.
NEVER_TRIED = FeedbackKind(Action.FEEDBACK_NEVER_TRIED, REFUSED.state, REFUSED.metric, ReasonCode.NEVER_TRIED)
#: Not tried, because the address is on the provider's list after a bounce or complaint.
NOT_TRIED = FeedbackKind(BOUNCED.action, BOUNCED.state, BOUNCED.metric, ReasonCode.PROVIDER_SUPPRESSED)
#: Not tried, because the reader unsubscribed at the provider: not a bounce, and not put on Herald's suppression list.
UNWANTED = FeedbackKind(REFUSED.action, REFUSED.state, REFUSED.metric, ReasonCode.PROVIDER_SUPPRESSED)
#: Events that change no record: what a reader does with a mail, and changes of accounts and lists.
NOTHING = None


@dataclass(frozen=True, slots=True)
class Report:
    """The content of one event: its type as in the provider's table, the mail's tags, the recipient, and the provider's
    explanation."""

    type: str
    tags: Mapping[str, Any]
    address: str | None
    words: tuple[str, ...] = ()


def interpret_report(report: Report, kinds: Mapping[str, FeedbackKind | None], provider: str) -> Parsed:
    """Interpret a report by a provider's table `kinds`.

    The sending time is not passed on: webhooks that failed are retried hours later, so received reports say nothing
    about missing ones.
    """
    if report.type not in kinds:
        return Ignored(f"no meaning for {report.type[:40]}")
    kind = kinds[report.type]
    if kind is None:
        return Ignored(f"{report.type} moves no mail")
    message_id = report.tags.get("message_id")
    if not isinstance(message_id, str) or not MESSAGE_ID.fullmatch(message_id):
        if report.tags.get(PROBE_TAG[0]) == PROBE_TAG[1]:
            return ProbeReport(provider, 0)
        return Ignored("no message_id: not a mail of ours")
    attempt = report.tags.get("attempt")
    known = [report.address] if report.address else []
    feedback = FeedbackEvent(
        message_id,
        kind.action,
        kind.state,
        kind.metric,
        " ".join(filter(None, (redact(part, known) for part in report.words)))[:200] or None,
        report.address,
        kind.state in SUPPRESSING,
        report.tags.get(SYNTHETIC_TAG[0]) == SYNTHETIC_TAG[1],
        kind.reason_code,
        attempt if isinstance(attempt, str) else None,
        provider,
        traceparent=report.tags.get(TRACE_TAG),
        own_list=_find_own_list(report.tags),
    )
    mark = report.tags.get(RECIPIENT_TAG)
    of_a_copy = mark is not None and report.address is not None and mark_recipient(report.address) != mark
    return reduce_to_sent(feedback) if of_a_copy else feedback


def _find_own_list(tags: Mapping[str, Any]) -> str | None:
    """Return the mail's tenant, if it has its own suppression list."""
    return tags.get(TENANT_TAG) if tags.get(OWN_LIST_TAG[0]) == OWN_LIST_TAG[1] else None


def enclose(event: Mapping[str, Any], parsed: FeedbackEvent | ProbeReport) -> str:
    """Build the body of a message in the queue `feedback`; it begins with `WEBHOOK` of `ses.events`.

    It contains the mail's id too, so that a reader of dead letters need not know the provider's format.
    """
    message_id = parsed.message_id if isinstance(parsed, FeedbackEvent) else None
    envelope = {"webhook": parsed.provider, "message_id": message_id, "event": event}
    return json.dumps(envelope, separators=(",", ":"))


def read_text(value: object, *path: str) -> str:
    """Return the text at a path in a provider's object, or ""."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in a body. Raises MalformedWebhook."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedWebhook("the body is not JSON") from None
    if not isinstance(value, dict):
        raise MalformedWebhook("the body is not a JSON object")
    return value
