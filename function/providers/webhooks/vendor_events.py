"""What vendors report by webhook, in the ledger's words: shared by the tables of SendGrid, Mailgun and Resend.

`function.webhook` queues each event in an envelope that names the provider; `feedback` opens it here. Pure.
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
from function.ledger.states import Action, State
from function.providers.redaction import redact
from function.providers.ses.events import KINDS as SES_KINDS
from function.providers.ses.events import (
    MESSAGE_ID,
    FeedbackEvent,
    FeedbackKind,
    Ignored,
    Parsed,
    ProbeReport,
    reduce_to_sent,
)
from function.providers.webhooks.request import MalformedWebhook, open_vendor
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
    "open_envelope",
    "read_object",
    "read_text",
]

#: The same as SES's, so that one word means one thing whoever says it.
SENT, DELIVERED, DELAYED = SES_KINDS["Send"], SES_KINDS["Delivery"], SES_KINDS["DeliveryDelay"]
SOFT_BOUNCED, BOUNCED = SES_KINDS["Bounce"], SES_KINDS["Bounce/Permanent"]
COMPLAINED, REFUSED = SES_KINDS["Complaint"], SES_KINDS["Reject"]
#: Not tried for a reason of the vendor's own, which says nothing of the mail or its reader: the next provider may.
NEVER_TRIED = FeedbackKind(Action.FEEDBACK_NEVER_TRIED, REFUSED.state, REFUSED.metric, ReasonCode.NEVER_TRIED)
#: Not tried, because the address bounced or complained before: the vendor's own list.
NOT_TRIED = FeedbackKind(BOUNCED.action, BOUNCED.state, BOUNCED.metric, ReasonCode.PROVIDER_SUPPRESSED)
#: Not tried, because the reader told the vendor so: no bounce, and not on Herald's list for it.
UNWANTED = FeedbackKind(REFUSED.action, REFUSED.state, REFUSED.metric, ReasonCode.PROVIDER_SUPPRESSED)
#: What moves no mail: what a reader does with it, and what happens to accounts and lists.
NOTHING = None

_SUPPRESSING = frozenset({State.BOUNCED, State.COMPLAINED})


@dataclass(frozen=True, slots=True)
class Report:
    """What one event says: its type as the vendor's table has it, the tags that the mail was sent with, the recipient,
    and the vendor's own words on why."""

    type: str
    tags: Mapping[str, Any]
    address: str | None
    words: tuple[str, ...] = ()


def interpret_report(report: Report, kinds: Mapping[str, FeedbackKind | None], provider: str) -> Parsed:
    """What a report means by a vendor's table `kinds`.

    No time of sending is given on: webhooks come back hours later if they fail, so the reports that came say nothing
    about what was not."""
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
    told = FeedbackEvent(
        message_id,
        kind.action,
        kind.state,
        kind.metric,
        " ".join(filter(None, (redact(part, known) for part in report.words)))[:200] or None,
        report.address,
        kind.state in _SUPPRESSING,
        report.tags.get(SYNTHETIC_TAG[0]) == SYNTHETIC_TAG[1],
        kind.reason_code,
        attempt if isinstance(attempt, str) else None,
        provider,
        traceparent=report.tags.get(TRACE_TAG),
        own_list=_find_own_list(report.tags),
    )
    mark = report.tags.get(RECIPIENT_TAG)
    of_a_copy = mark is not None and report.address is not None and mark_recipient(report.address) != mark
    return reduce_to_sent(told) if of_a_copy else told


def _find_own_list(tags: Mapping[str, Any]) -> str | None:
    """The tenant that the mail was of, if that has a suppression list of its own."""
    return tags.get(TENANT_TAG) if tags.get(OWN_LIST_TAG[0]) == OWN_LIST_TAG[1] else None


def enclose(event: Mapping[str, Any], parsed: FeedbackEvent | ProbeReport) -> str:
    """The body of a message in the queue `feedback`; `WEBHOOK` of `ses.events` is how it begins.

    It names the mail too, so that a reader of dead letters need know no vendor.
    """
    message_id = parsed.message_id if isinstance(parsed, FeedbackEvent) else None
    envelope = {"webhook": parsed.provider, "message_id": message_id, "event": event}
    return json.dumps(envelope, separators=(",", ":"))


def open_envelope(body: str) -> Parsed:
    """What a queued event of a vendor means."""
    try:
        envelope = json.loads(body)
        return open_vendor(envelope["webhook"]).parse(envelope["event"], envelope["webhook"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Ignored("not an event of a vendor")


def read_text(value: object, *path: str) -> str:
    """The text that lies there in an object of a vendor's, or an empty one."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises MalformedWebhook."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedWebhook("the body is not JSON") from None
    if not isinstance(value, dict):
        raise MalformedWebhook("the body is not a JSON object")
    return value
