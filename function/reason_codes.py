"""Why a mail was not sent or did not arrive: codes for programs, with sentences for people.

The list is closed: contracts/timeline.schema.json publishes it, and readers of the ledger depend on the codes. The
sentences may change with any release.
"""

from __future__ import annotations

from enum import StrEnum

from function.runtime.lean_dataclass import dataclass

__all__ = ["MEANING", "Reason", "ReasonCode"]


class ReasonCode(StrEnum):
    """The codes; `MEANING` has a sentence for each."""

    EVENT_INVALID = "event_invalid"
    EVENT_TOO_LARGE = "event_too_large"
    EVENT_EXPIRED = "event_expired"
    TYPE_UNKNOWN = "type_unknown"
    TENANT_UNKNOWN = "tenant_unknown"
    RECIPIENT_NOT_ALLOWED = "recipient_not_allowed"
    RECIPIENT_SUPPRESSED = "recipient_suppressed"
    RECIPIENT_UNSUBSCRIBED = "recipient_unsubscribed"
    RECIPIENT_UNVERIFIED = "recipient_unverified"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_THROTTLED = "provider_throttled"
    PROVIDER_QUOTA_EXHAUSTED = "provider_quota_exhausted"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    ANSWER_LOST = "answer_lost"
    MAY_HAVE_GONE = "may_have_gone"
    RETRIES_EXHAUSTED = "retries_exhausted"
    LEDGER_BUSY = "ledger_busy"
    HELD_BY_ANOTHER = "held_by_another"
    LETTER_OUTDATED = "letter_outdated"
    BOUNCED = "bounced"
    BOUNCED_SOFTLY = "bounced_softly"
    PROVIDER_SUPPRESSED = "provider_suppressed"
    COMPLAINED = "complained"
    REFUSED_AFTER_ACCEPTANCE = "refused_after_acceptance"
    NEVER_TRIED = "never_tried"
    DELIVERY_DELAYED = "delivery_delayed"
    RESENT = "resent"
    SENT_TWICE = "sent_twice"
    REPLACED = "replaced"
    SENT_AGAIN = "sent_again"
    SENT_ELSEWHERE = "sent_elsewhere"
    CORRECTED_TOO_LATE = "corrected_too_late"
    SCHEDULED = "scheduled"
    COLLECTED = "collected"
    DIGEST_CLOSED = "digest_closed"
    PARTED = "parted"
    SCHEDULING_OFF = "scheduling_off"
    CANCELLED = "cancelled"
    CANCELLED_TOO_LATE = "cancelled_too_late"
    LANGUAGE_MISSING = "language_missing"
    ATTACHMENT_NOT_ALLOWED = "attachment_not_allowed"
    ATTACHMENT_UNAVAILABLE = "attachment_unavailable"
    ATTACHMENT_CHANGED = "attachment_changed"
    ATTACHMENT_TOO_LARGE = "attachment_too_large"


MEANING: dict[ReasonCode, str] = {
    ReasonCode.EVENT_INVALID: "The event is not JSON, not a CloudEvent, or breaks its type's schema.",
    ReasonCode.EVENT_TOO_LARGE: "The event or its mail is larger than allowed.",
    ReasonCode.EVENT_EXPIRED: "The event is too old for its notification to be worth sending.",
    ReasonCode.TYPE_UNKNOWN: "There is no notification for events of this type.",
    ReasonCode.TENANT_UNKNOWN: "This deployment has no tenant with this name.",
    ReasonCode.RECIPIENT_NOT_ALLOWED: "This deployment's delivery mode does not allow mail to this recipient.",
    ReasonCode.RECIPIENT_SUPPRESSED: "The recipient's address is on the suppression list.",
    ReasonCode.RECIPIENT_UNSUBSCRIBED: "The recipient has unsubscribed from mails of this category.",
    ReasonCode.RECIPIENT_UNVERIFIED: "The provider's sandbox mails only verified addresses, and this one is not.",
    ReasonCode.PROVIDER_REFUSED: "The provider refused this mail and will refuse it again.",
    ReasonCode.PROVIDER_THROTTLED: "The provider's sending rate was exceeded.",
    ReasonCode.PROVIDER_QUOTA_EXHAUSTED: "The provider's daily quota was used up, or sending was paused.",
    ReasonCode.PROVIDER_UNAVAILABLE: "The provider could not be reached, or is not set up for this sender.",
    ReasonCode.ANSWER_LOST: "The request was sent and the provider's answer was lost: the mail may have been sent.",
    ReasonCode.MAY_HAVE_GONE: "The mail may have been sent, but nothing confirmed it: an operator decides what to do.",
    ReasonCode.RETRIES_EXHAUSTED: "Every attempt failed until the app stopped retrying; nothing was sent.",
    ReasonCode.LEDGER_BUSY: "The ledger was too busy to handle the delivery until the app stopped retrying.",
    ReasonCode.HELD_BY_ANOTHER: "Another delivery held the mail until the queue stopped delivering this one.",
    ReasonCode.LETTER_OUTDATED: "The dead letter names an older attempt than the one that was rejected last.",
    ReasonCode.BOUNCED: "The recipient's server refused the mail for good.",
    ReasonCode.BOUNCED_SOFTLY: "The recipient's server refused the mail for now, and the provider has stopped trying.",
    ReasonCode.PROVIDER_SUPPRESSED: "The provider did not try: the address is on the provider's own suppression list.",
    ReasonCode.COMPLAINED: "The recipient reported the mail as spam.",
    ReasonCode.REFUSED_AFTER_ACCEPTANCE: "The provider accepted the mail and then did not send it.",
    ReasonCode.NEVER_TRIED: "The provider accepted the mail, and then did not try to send it for a reason of its own.",
    ReasonCode.DELIVERY_DELAYED: "The recipient's server asks to wait; the provider keeps trying.",
    ReasonCode.RESENT: "The answer was lost and reports came only on later mails, so the mail was sent once more.",
    ReasonCode.SENT_TWICE: "The provider accepted two attempts: the recipient may have two mails.",
    ReasonCode.REPLACED: "The event was published again with other content, and that message replaces this one.",
    ReasonCode.SENT_AGAIN: "An operator had the mail sent again, as another message.",
    ReasonCode.SENT_ELSEWHERE: "The provider never tried to send it, so the next provider got it, as another message.",
    ReasonCode.CORRECTED_TOO_LATE: "The event was published again with other content after its mail had been sent.",
    ReasonCode.SCHEDULED: "The event is to be sent later, and is kept until then.",
    ReasonCode.COLLECTED: "The event is mailed with others, in its reader's next digest.",
    ReasonCode.DIGEST_CLOSED: "The digest's window is over, and its content is fixed.",
    ReasonCode.PARTED: "The event names several recipients, and each has a mail and a record of its own.",
    ReasonCode.SCHEDULING_OFF: "The event is to be sent later, but this deployment keeps no events for later.",
    ReasonCode.CANCELLED: "The event was cancelled before anything was sent.",
    ReasonCode.CANCELLED_TOO_LATE: "The event was cancelled after its mail was sent, or may have been sent.",
    ReasonCode.LANGUAGE_MISSING: "The notification does not exist in the reader's language: the mail is in English.",
    ReasonCode.ATTACHMENT_NOT_ALLOWED: "An attachment has a type, or is in a bucket, that is not allowed.",
    ReasonCode.ATTACHMENT_UNAVAILABLE: "An attachment was missing or could not be read; nothing was sent.",
    ReasonCode.ATTACHMENT_CHANGED: "An attachment's hash is not the one that the event names; nothing was sent.",
    ReasonCode.ATTACHMENT_TOO_LARGE: "The attachments are too large for a mail; nothing was sent.",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its code, and one line for people without personal data.

    `code` is a ReasonCode; from a record of another release it may be unknown to this release, or empty.
    """

    code: str
    text: str
