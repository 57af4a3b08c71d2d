"""Why a notification was not sent, as classes that imply what to do next.

NotificationError
├── Rejected              will never be sent: dead letter with the reason, no retry
│   ├── InvalidEvent          not a CloudEvent, fails its schema, too large, too old
│   │   └── TemplateNotFilled     its data does not fill a template
│   ├── UnknownNotification   no notification for this type
│   ├── UnknownTenant         a tenant that this deployment does not declare
│   ├── SchedulingOff         to be sent later, but scheduling is off in this deployment
│   └── RefusedForGood        the provider permanently refuses this mail
├── RecipientNotAllowed   this deployment may not mail this address: suppressed, an operator may redrive it
├── NotSent               certainly not sent: release, next provider, retry later
│   ├── AttachmentUnavailable a file of the mail is missing or has other content: nothing was claimed
│   ├── Throttled             over the sending rate: recovers in seconds
│   ├── QuotaExhausted        over the daily quota, or sending paused: recovers in hours
│   └── ProviderUnavailable   misconfigured, or failed before it had the whole mail
│       └── ProviderUnreachable   no connection: after five in a row the provider is not called for a while
└── OutcomeUnknown        the request was sent and no clear answer came: hold, never fail over
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
    "TemplateNotFilled",
    "Throttled",
    "UnknownNotification",
    "UnknownTenant",
]


class NotificationError(Exception):
    """A notification was not sent; `str()` is one line that an operator can act on.

    The class attribute `code` is the default reason code; an instance may have a more specific one.
    """

    code: ClassVar[ReasonCode] = ReasonCode.EVENT_INVALID

    def __init__(self, line: str, code: ReasonCode | None = None) -> None:
        super().__init__(line)
        self._code = code

    @property
    def reason(self) -> Reason:
        """The reason code and the line."""
        return Reason(self._code or self.code, str(self))


class Rejected(NotificationError):
    """The mail was certainly not sent and never will be: it goes to `dead` with this reason."""


class InvalidEvent(Rejected):
    """The event violates its contract; `pointer` is the JSON Pointer of the first invalid value."""

    def __init__(self, line: str, pointer: str = "", code: ReasonCode | None = None) -> None:
        super().__init__(f"{line} (at {pointer})" if pointer else line, code)
        self.pointer = pointer


class TemplateNotFilled(InvalidEvent):
    """The event's data does not fill a template; `detail` is what is wrong, without saying so."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the data does not fill the template: {detail}")
        self.detail = detail


class UnknownNotification(Rejected):
    """No notification exists for the event's type."""

    code = ReasonCode.TYPE_UNKNOWN


class UnknownTenant(Rejected):
    """The event names a tenant that this deployment does not declare."""

    code = ReasonCode.TENANT_UNKNOWN


class SchedulingOff(Rejected):
    """The event is to be sent later, and scheduling is off in this deployment."""

    code = ReasonCode.SCHEDULING_OFF


class RefusedForGood(Rejected):
    """The provider permanently refuses this mail: bad address, content rejected."""

    code = ReasonCode.PROVIDER_REFUSED


class RecipientNotAllowed(NotificationError):
    """The mail was not sent, because this deployment may not mail its recipient."""

    code = ReasonCode.RECIPIENT_NOT_ALLOWED


class NotSent(NotificationError):
    """The mail was certainly not sent, and may be sent later."""

    code = ReasonCode.PROVIDER_UNAVAILABLE


class AttachmentUnavailable(NotSent):
    """An attachment could not be fetched, or its content is not what the event's hash says."""

    code = ReasonCode.ATTACHMENT_UNAVAILABLE


class Throttled(NotSent):
    """Over the provider's sending rate; recovers in seconds."""

    code = ReasonCode.PROVIDER_THROTTLED


class QuotaExhausted(NotSent):
    """Over the provider's daily quota, or sending is paused; recovers in hours."""

    code = ReasonCode.PROVIDER_QUOTA_EXHAUSTED


class ProviderUnavailable(NotSent):
    """The provider did not receive the whole mail, or is misconfigured for this deployment."""


class ProviderUnreachable(ProviderUnavailable):
    """No connection was made: name resolution, network, TLS, or nothing listening."""


class OutcomeUnknown(NotificationError):
    """The request was sent and no clear answer came back: the mail may be on its way."""

    code = ReasonCode.ANSWER_LOST
