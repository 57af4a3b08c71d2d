"""Each word of SES decides a mail's fate, and each code stands in SES's own service model."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)

from function.errors import (
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.providers.ses_errors import BY_CODE, after_answer, without_answer

URL = "https://email.eu-west-1.amazonaws.com"


def model_statuses() -> dict[str, int]:
    """Every error of SendEmail in botocore's model of SES v2, with its status."""
    model = botocore.session.get_session().get_service_model("sesv2").operation_model("SendEmail")
    return {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in model.error_shapes}


def answer(code: str, text: str = "", status: int = 400) -> NotificationError:
    said: Any = {"Error": {"Code": code, "Message": text}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return after_answer(ClientError(said, "SendEmail"))


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
@pytest.mark.parametrize("code", ["InternalFailure", "MessageRejected", "TooManyRequestsException", "503"])
def test_an_error_that_is_no_refusal_leaves_the_fate_of_the_mail_open(status: int, code: str) -> None:
    assert type(answer(code, "Maximum sending rate exceeded.", status)) is OutcomeUnknown


def test_an_error_without_a_status_leaves_it_open_too() -> None:
    assert type(after_answer(ClientError({}, "SendEmail"))) is OutcomeUnknown


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
    ConnectTimeoutError(endpoint_url=URL),
    EndpointConnectionError(endpoint_url=URL, error=OSError()),
    NoCredentialsError(),
    ParamValidationError(report="no"),
]
NO_CLEAR_ANSWER = [
    ReadTimeoutError(endpoint_url=URL),
    ConnectionClosedError(endpoint_url=URL),
    ResponseStreamingError(error=OSError()),
    SSLError(endpoint_url=URL, error=OSError("the record layer failed")),
    KeyError("MessageId"),
    ConnectionResetError(),
]


@pytest.mark.parametrize("error", NOT_REACHED, ids=lambda error: type(error).__name__)
def test_what_failed_before_the_request_sent_nothing(error: Exception) -> None:
    assert type(without_answer(error)) is ProviderUnavailable


@pytest.mark.parametrize("error", NO_CLEAR_ANSWER, ids=lambda error: type(error).__name__)
def test_what_failed_after_it_may_have_sent_the_mail(error: Exception) -> None:
    assert type(without_answer(error)) is OutcomeUnknown


@pytest.mark.parametrize("error", [*NOT_REACHED, *NO_CLEAR_ANSWER], ids=lambda error: type(error).__name__)
def test_what_is_said_of_it_names_the_kind_of_failure(error: Exception) -> None:
    assert str(without_answer(error)).endswith(f": {type(error).__name__}")
