"""Classifies errors of SendEmail: not sent, permanently refused, or unknown.

Codes: the service model of SES v2,
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors Texts:
https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Sequence
from email.utils import parseaddr

from botocore.exceptions import (
    ClientError,
    ConfigNotFound,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    EndpointProviderError,
    InvalidProxiesConfigError,
    InvalidRegionError,
    MetadataRetrievalError,
    MissingDependencyException,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    SSOError,
    TokenRetrievalError,
    UnknownEndpointError,
    UnknownSignatureVersionError,
    UnsupportedSignatureVersionError,
)

from function.errors import (
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    ProviderUnreachable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.providers.redaction import redact
from function.reason_codes import ReasonCode

__all__ = ["BY_CODE", "THROTTLING", "read_error", "read_missing_answer"]

#: Every code of SendEmail in the service model that concerns this mail or this account; others are classified by
#: status.
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

#: Codes that mean throttling in any AWS service, whatever the message and the status.
#: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)

#: The message distinguishes rate from daily quota, and a missing setup from a bad mail, whatever the code is.
_BY_TEXT: tuple[tuple[str, type[NotificationError]], ...] = (
    (r"\bquota\b.*\bexceeded|exceeded\b.*\bquota\b", QuotaExhausted),
    (r"\brate\b.*\bexceeded|exceeded\b.*\brate\b", Throttled),
    (r"\b(?:sending|account|send email)\b.*\b(?:paused|suspended|disabled|shut down|under review)\b", QuotaExhausted),
    (r"\bnot verified\b", ProviderUnavailable),
    (r"\b(?:configuration set|identity|template)\b.*\bdoes not exist\b", ProviderUnavailable),
)
_UNVERIFIED = "not verified"

_SANDBOX = "the SES sandbox refuses this recipient: verify the recipient or leave the sandbox"

#: Raised before the first byte of the request was sent.
_BEFORE_THE_REQUEST = (
    ConfigNotFound,
    CredentialRetrievalError,
    EndpointProviderError,
    InvalidProxiesConfigError,
    InvalidRegionError,
    MetadataRetrievalError,
    MissingDependencyException,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    UnknownEndpointError,
    UnknownSignatureVersionError,
    UnsupportedSignatureVersionError,
)
_UNREACHABLE = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
#: Functions of `ssl`, `http.client` and urllib3 that open a connection: if one fails, nothing was sent.
_CONNECTING = frozenset({"connect", "do_handshake", "_tunnel", "ssl_wrap_socket"})


def read_error(error: ClientError, addresses: Sequence[str] = (), sender: str = "") -> NotificationError:
    """Classify an error that SES answered: below 500 it refused the mail, from 500 on it may have accepted it
    nevertheless.

    SES names the addresses that it objects to. The mail's `addresses`, the recipient's first, and `sender` show whether
    the recipient or the sender is not verified.
    """
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    answer = error.response.get("Error", {})
    code, text = answer.get("Code", ""), answer.get("Message", "")
    line = f"SES answered {status} {code}: {redact(text, addresses)}".strip()
    if status >= 500 and code in THROTTLING:
        return Throttled(line)
    if not 400 <= status < 500:
        return OutcomeUnknown(line)
    if _is_sandbox_refusal(text.lower(), "".join(addresses[:1]).lower(), parseaddr(sender)[1].lower()):
        return RefusedForGood(_SANDBOX, ReasonCode.RECIPIENT_UNVERIFIED)
    return _read_message(code, text.lower(), line, status)


def _read_message(code: str, text: str, line: str, status: int) -> NotificationError:
    for pattern, kind in _BY_TEXT:
        if re.search(pattern, text):
            return kind(line)
    if code in BY_CODE:
        return BY_CODE[code](line)
    return Throttled(line) if status == 429 or code in THROTTLING else ProviderUnavailable(line)


def _is_sandbox_refusal(text: str, recipient: str, sender: str) -> bool:
    """Whether SES says that the recipient's identity is not verified, as it does only in the sandbox."""
    return bool(recipient) and recipient != sender and _UNVERIFIED in text and recipient in text


def read_missing_answer(error: Exception, left: bool = True) -> NotificationError:
    """Classify a missing answer: the outcome is unknown, unless the request had not `left` or SES was not reached."""
    line = f"SES was not reached: {type(error).__name__}"
    if isinstance(error, _UNREACHABLE) or _failed_to_connect(error):
        return ProviderUnreachable(line)
    if not left or isinstance(error, _BEFORE_THE_REQUEST):
        return ProviderUnavailable(line)
    return OutcomeUnknown(f"the request was sent, but SES gave no clear answer: {type(error).__name__}")


def _failed_to_connect(error: Exception) -> bool:
    """Whether the connection, the proxy's tunnel or the TLS handshake failed; botocore nests that error several levels
    deep."""
    inner: object = error
    for _ in range(6):
        if not isinstance(inner, BaseException):
            return False
        if any(frame.f_code.co_name in _CONNECTING for frame, _ in traceback.walk_tb(inner.__traceback__)):
            return True
        inner = getattr(inner, "kwargs", {}).get("error") or inner.__cause__ or inner.__context__
    return False
