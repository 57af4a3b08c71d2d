"""Why a notification did not go out, as classes that carry the decision.

NotificationError
├── Rejected              never will be: dead letter with the reason, no retry
│   ├── InvalidEvent          not a CloudEvent, fails its schema, too large, too old
│   ├── UnknownNotification   no notification for this type
│   ├── UnknownTenant         a tenant that this deployment does not declare
│   ├── SchedulingOff         wants to be sent later, and nothing is kept for later here
│   └── RefusedForGood        the provider will not take this mail
├── RecipientNotAllowed   this deployment may not mail this address: suppressed, a person may redrive it
├── NotSent               certainly not sent: release, next provider, retry later
│   ├── AttachmentUnavailable a file of the mail is missing or another one: nothing was claimed
│   ├── Throttled             over the sending rate: heals in seconds
│   ├── QuotaExhausted        over the daily quota, or sending paused: heals in hours
│   └── ProviderUnavailable   misconfigured, or broke off before it had the mail
│       └── ProviderUnreachable   no connection came about: five in a row let it rest
└── OutcomeUnknown        the request left and no clear answer came: hold, never fail over
"""

from __future__ import annotations

from typing import ClassVar

from function.reason_codes import Reason, ReasonCode

__all__ = [
    "AttachmentUnavailable",
    "InvalidEvent",
    "NotSent",
    "NotificationError",
    "OutcomeUnknown",
    "ProviderUnavailable",
    "ProviderUnreachable",
    "QuotaExhausted",
    "RecipientNotAllowed",
    "RefusedForGood",
    "Rejected",
    "SchedulingOff",
    "Throttled",
    "UnknownNotification",
    "UnknownTenant",
]


class NotificationError(Exception):
    """One notification did not go out; `str()` is one line that a person can act on.

    `code` is the default of the class for programs; one raised for a narrower reason names that.
    """

    code: ClassVar[ReasonCode] = ReasonCode.EVENT_INVALID

    def __init__(self, line: str, code: ReasonCode | None = None) -> None:
        super().__init__(line)
        self._code = code

    @property
    def reason(self) -> Reason:
        """The code and the line."""
        return Reason(self._code or self.code, str(self))


class Rejected(NotificationError):
    """The mail certainly did not go out and never will: it goes to `dead` with this reason."""


class InvalidEvent(Rejected):
    """The event breaks its contract; `pointer` is the JSON Pointer of the first offending value."""

    def __init__(self, line: str, pointer: str = "", code: ReasonCode | None = None) -> None:
        super().__init__(f"{line} (at {pointer})" if pointer else line, code)
        self.pointer = pointer


class UnknownNotification(Rejected):
    """No notification exists for the event's type."""

    code = ReasonCode.TYPE_UNKNOWN


class UnknownTenant(Rejected):
    """The event is of a tenant that this deployment does not declare."""

    code = ReasonCode.TENANT_UNKNOWN


class SchedulingOff(Rejected):
    """The event wants to be sent later, and this deployment keeps none for later."""

    code = ReasonCode.SCHEDULING_OFF


class RefusedForGood(Rejected):
    """The provider will not take this mail, now or later: bad address, content rejected."""

    code = ReasonCode.PROVIDER_REFUSED


class RecipientNotAllowed(NotificationError):
    """The mail did not go out, because this deployment may not mail its recipient."""

    code = ReasonCode.RECIPIENT_NOT_ALLOWED


class NotSent(NotificationError):
    """The mail certainly did not go out, and may go out later."""

    code = ReasonCode.PROVIDER_UNAVAILABLE


class AttachmentUnavailable(NotSent):
    """A file that goes with the mail could not be fetched, or is not the one that the event means."""

    code = ReasonCode.ATTACHMENT_UNAVAILABLE


class Throttled(NotSent):
    """Over the provider's sending rate; heals in seconds."""

    code = ReasonCode.PROVIDER_THROTTLED


class QuotaExhausted(NotSent):
    """Over the provider's daily quota, or sending is paused; heals in hours."""

    code = ReasonCode.PROVIDER_QUOTA_EXHAUSTED


class ProviderUnavailable(NotSent):
    """The provider did not get the mail whole, or is misconfigured for us."""


class ProviderUnreachable(ProviderUnavailable):
    """No connection came about: the name, the address, TLS, or nobody there."""


class OutcomeUnknown(NotificationError):
    """The request left and no clear answer came back: the mail may be on its way."""

    code = ReasonCode.ANSWER_LOST
