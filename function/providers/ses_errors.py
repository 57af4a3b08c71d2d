"""What an error of SendEmail says of the mail: not sent, refused for good, or unknown.

Codes: the service model of SES v2, https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
Texts: https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
"""

from __future__ import annotations

import re
import ssl

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    UnknownEndpointError,
)

from function.errors import (
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)

__all__ = ["BY_CODE", "after_answer", "without_answer"]

#: Every code of SendEmail in the service model that is about this mail or this account; the rest goes by HTTP status.
BY_CODE: dict[str, type[NotificationError]] = {
    "TooManyRequestsException": Throttled,
    "LimitExceededException": QuotaExhausted,
    "SendingPausedException": QuotaExhausted,
    "AccountSuspendedException": ProviderUnavailable,
    "MailFromDomainNotVerifiedException": ProviderUnavailable,
    "NotFoundException": ProviderUnavailable,
    "MessageRejected": RefusedForGood,
    "BadRequestException": RefusedForGood,
}

#: The text tells the rate from the daily quota, and somebody's missing set-up from a bad mail, whatever the code is.
_BY_TEXT: tuple[tuple[str, type[NotificationError]], ...] = (
    ("daily message quota exceeded", QuotaExhausted),
    ("maximum sending rate exceeded", Throttled),
    ("rate exceeded", Throttled),
    ("is not verified", ProviderUnavailable),
)

#: Raised before the first byte of the request left: nothing was sent.
_BEFORE_THE_REQUEST = (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
    UnknownEndpointError,
)


#: SES names the addresses that it objects to; what it says goes into the log and the ledger, which know none.
_ADDRESS = re.compile(r"\S+@\S+")


def after_answer(error: ClientError) -> NotificationError:
    """SES answered with an error: below 500 it refused the mail, from 500 on it may have taken it all the same."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    said = error.response.get("Error", {})
    code, text = said.get("Code", ""), said.get("Message", "")
    line = " ".join(f"SES answered {status} {code}: {_ADDRESS.sub('<address>', text)}".split())
    if not 400 <= status < 500:
        return OutcomeUnknown(line)
    for part, kind in _BY_TEXT:
        if part in text.lower():
            return kind(line)
    if code in BY_CODE:
        return BY_CODE[code](line)
    return Throttled(line) if status == 429 else ProviderUnavailable(line)


def without_answer(error: Exception) -> NotificationError:
    """No answer that can be read: where SES was not even reached, nothing was sent; else nobody knows."""
    if isinstance(error, _BEFORE_THE_REQUEST) or _certificate_refused(error):
        return ProviderUnavailable(f"SES was not reached: {type(error).__name__}")
    return OutcomeUnknown(f"the request left and SES gave no clear answer: {type(error).__name__}")


def _certificate_refused(error: Exception) -> bool:
    """Whether the TLS handshake ended at the certificate, before the request: botocore hides it two errors deep."""
    seen: list[object] = [error]
    for _ in range(4):
        inner = seen[-1]
        if isinstance(inner, ssl.SSLCertVerificationError):
            return True
        if not isinstance(inner, BaseException):
            return False
        seen.append(getattr(inner, "kwargs", {}).get("error") or inner.__cause__ or inner.__context__)
    return False
