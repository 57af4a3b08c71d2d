"""Each word of SES decides what becomes of a mail, and each code stands in SES's own service model."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    EndpointProviderError,
    InvalidProxiesConfigError,
    InvalidRegionError,
    MetadataRetrievalError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.retries.standard import ThrottledRetryableChecker

from function.errors import (
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    ProviderUnreachable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.providers.ses.errors import BY_CODE, THROTTLING, read_error, read_missing_answer
from function.reason_codes import ReasonCode

URL = "https://email.eu-west-1.amazonaws.com"


def model_statuses() -> dict[str, int]:
    """Every error of SendEmail in botocore's model of SES v2, with its status."""
    model = botocore.session.get_session().get_service_model("sesv2").operation_model("SendEmail")
    return {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in model.error_shapes}


def answer(code: str, text: str = "", status: int = 400, to: str = "") -> NotificationError:
    said: Any = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return read_error(ClientError(said, "SendEmail"), [to], "Herald <books@herald.example>")


def test_the_codes_are_exactly_those_of_the_service_model() -> None:
    assert set(BY_CODE) == set(model_statuses())


@pytest.mark.parametrize(("code", "kind"), BY_CODE.items(), ids=lambda part: getattr(part, "__name__", part))
def test_every_error_of_the_model_is_decided_by_its_code(code: str, kind: type[NotificationError]) -> None:
    assert type(answer(code, "whatever it says", model_statuses()[code])) is kind


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        ("TooManyRequestsException", "Maximum sending rate exceeded.", Throttled),
        ("TooManyRequestsException", "Daily message quota exceeded.", QuotaExhausted),
        ("LimitExceededException", "Maximum sending rate exceeded.", Throttled),
        ("LimitExceededException", "Daily message quota exceeded.", QuotaExhausted),
        ("ThrottlingException", "Rate exceeded", Throttled),
        ("BadRequestException", "Daily message quota exceeded.", QuotaExhausted),
    ],
)
def test_the_rate_and_the_daily_quota_are_told_apart_by_the_text(
    code: str, text: str, kind: type[NotificationError]
) -> None:
    assert type(answer(code, text, 429)) is kind


def test_an_identity_that_is_not_verified_is_somebody_s_missing_set_up_and_not_a_bad_mail() -> None:
    text = (
        "Email address is not verified. The following identities failed the check in region EU-WEST-1: ada@example.com"
    )
    assert type(answer("MessageRejected", text)) is ProviderUnavailable
    assert type(answer("MessageRejected", "Virus detected")) is RefusedForGood


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599, 302, 200])
@pytest.mark.parametrize("code", ["InternalFailure", "MessageRejected", "LimitExceededException", "503"])
def test_an_error_that_is_no_refusal_leaves_the_fate_of_the_mail_open(status: int, code: str) -> None:
    assert type(answer(code, "Maximum sending rate exceeded.", status)) is OutcomeUnknown


def test_an_error_without_a_status_leaves_it_open_too() -> None:
    assert type(read_error(ClientError({}, "SendEmail"))) is OutcomeUnknown


@pytest.mark.parametrize(("status", "kind"), [(429, Throttled), (400, ProviderUnavailable), (403, ProviderUnavailable)])
def test_a_refusal_that_nobody_knows_is_not_for_good(status: int, kind: type[NotificationError]) -> None:
    assert type(answer("SignatureDoesNotMatch", "", status)) is kind


@pytest.mark.parametrize(
    "text",
    [
        "identities failed the check: ada@example.com, <bob@example.com>",
        "Invalid address\r\n'ada@example.com'",
        "Illegal address \t Ada <ada@example.com>",
    ],
)
def test_what_ses_says_is_one_line_without_an_address(text: str) -> None:
    line = str(answer("BadRequestException", text))
    assert line.startswith("SES answered 400 BadRequestException: ")
    assert "example.com" not in line
    assert line.isprintable()


NOT_REACHED = [
    (ConnectTimeoutError(endpoint_url=URL), ProviderUnreachable),
    (EndpointConnectionError(endpoint_url=URL, error=OSError()), ProviderUnreachable),
    (NoCredentialsError(), ProviderUnavailable),
    (ParamValidationError(report="no"), ProviderUnavailable),
    (PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), ProviderUnavailable),
    (CredentialRetrievalError(provider="container-role", error_msg="timed out"), ProviderUnavailable),
    (MetadataRetrievalError(error_msg="no answer"), ProviderUnavailable),
    (TokenRetrievalError(provider="sso", error_msg="expired"), ProviderUnavailable),
    (UnauthorizedSSOTokenError(), ProviderUnavailable),
    (SSOTokenLoadError(error_msg="none"), ProviderUnavailable),
    (ProfileNotFound(profile="books"), ProviderUnavailable),
    (NoRegionError(), ProviderUnavailable),
    (InvalidRegionError(region_name="eu west"), ProviderUnavailable),
    (EndpointProviderError(msg="no endpoint"), ProviderUnavailable),
    (ProxyConnectionError(proxy_url="http://127.0.0.1:9", error=OSError()), ProviderUnreachable),
    (InvalidProxiesConfigError(error="no such file"), ProviderUnavailable),
]
NO_CLEAR_ANSWER = [
    ReadTimeoutError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
    ResponseStreamingError(error=OSError()),
    SSLError(endpoint_url=URL, error=OSError("the record layer failed")),
    KeyError("MessageId"),
    ConnectionResetError(),
]


@pytest.mark.parametrize(
    ("error", "kind"), NOT_REACHED, ids=lambda given: getattr(given, "__name__", type(given).__name__)
)
def test_what_failed_before_the_request_sent_nothing(error: Exception, kind: type[ProviderUnavailable]) -> None:
    assert type(read_missing_answer(error)) is kind


@pytest.mark.parametrize("error", NO_CLEAR_ANSWER, ids=lambda error: type(error).__name__)
def test_what_failed_after_it_may_have_sent_the_mail(error: Exception) -> None:
    assert type(read_missing_answer(error)) is OutcomeUnknown


@pytest.mark.parametrize("error", [*NOT_REACHED, *NO_CLEAR_ANSWER], ids=lambda error: type(error).__name__)
def test_what_is_said_of_it_names_the_kind_of_failure(error: Exception) -> None:
    assert str(read_missing_answer(error)).endswith(f": {type(error).__name__}")


@pytest.mark.parametrize(
    "text",
    [
        "Sending paused for this account. For more information, please check the inbox of the email address.",
        "Sending paused for this configuration set.",
        "Sending suspended for this account.",
        "Your account's ability to send email is currently paused.",
        "Email sending is disabled for the configuration set herald",
        "The account is under review and cannot send",
        "Daily sending quota exceeded",
        "Message quota for 24 hours exceeded.",
    ],
)
@pytest.mark.parametrize("code", ["MessageRejected", "BadRequestException", "LimitExceededException"])
def test_sending_that_is_paused_or_used_up_heals_whatever_code_says_so(text: str, code: str) -> None:
    assert type(answer(code, text)) is QuotaExhausted


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Sending rate exceeded", Throttled),
        ("Maximum send rate was exceeded.", Throttled),
        ("Email address not verified: books@herald.example", ProviderUnavailable),
        ("Configuration set <herald> does not exist.", ProviderUnavailable),
        ("Transaction failed: Local address contains control or whitespace", RefusedForGood),
        ("Address blacklisted.", RefusedForGood),
        ("Invalid MIME message", RefusedForGood),
    ],
)
@pytest.mark.parametrize("code", ["MessageRejected", "BadRequestException"])
def test_other_words_say_the_same(code: str, text: str, kind: type[NotificationError]) -> None:
    assert type(answer(code, text)) is kind


def test_the_codes_of_throttling_are_those_that_botocore_knows() -> None:
    known = set(vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"]) - {"LimitExceededException"}
    assert known == THROTTLING, "LimitExceededException is SES's word for its quota"


@pytest.mark.parametrize("status", [400, 429, 500, 503])
@pytest.mark.parametrize("code", sorted(THROTTLING))
def test_a_code_of_throttling_decides_whatever_the_words_and_the_status(code: str, status: int) -> None:
    assert type(answer(code, "Slow down, please", status)) is Throttled


_UNVERIFIED = "Email address is not verified. The following identities failed the check in region EU-WEST-1: {}"


def test_the_older_words_for_an_unverified_recipient_are_understood() -> None:
    error = answer("MessageRejected", "Email address not verified ada@example.com", to="ada@example.com")
    assert error.reason.code == ReasonCode.RECIPIENT_UNVERIFIED


@pytest.mark.parametrize("named", ["ada@example.com", "Ada@Example.com", "books@herald.example, ada@example.com"])
def test_the_sandbox_refuses_an_unverified_recipient_at_once_and_says_what_to_do(named: str) -> None:
    error = answer("MessageRejected", _UNVERIFIED.format(named), to="ada@example.com")
    assert type(error) is RefusedForGood
    assert str(error) == "the SES sandbox refuses this recipient: verify the recipient or leave the sandbox"
    assert error.reason.code == ReasonCode.RECIPIENT_UNVERIFIED


@pytest.mark.parametrize("to", ["ada@example.com", "books@herald.example"])
def test_an_unverified_sender_is_missing_set_up_whoever_the_mail_goes_to(to: str) -> None:
    assert type(answer("MessageRejected", _UNVERIFIED.format("books@herald.example"), to=to)) is ProviderUnavailable


@pytest.mark.parametrize("error", NO_CLEAR_ANSWER, ids=lambda error: type(error).__name__)
def test_nothing_was_sent_while_no_request_had_left(error: Exception) -> None:
    assert type(read_missing_answer(error, left=False)) is ProviderUnavailable
