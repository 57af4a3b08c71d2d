"""What each provider's answers mean, with the examples of its own pages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from function.errors import (
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.message.email import Email
from function.providers.failover import Provider
from function.providers.http_client import HttpResponse
from function.providers.mailgun.client import MailgunProvider
from function.providers.resend.client import BY_NAME, ResendProvider
from function.providers.secret import Secret
from function.providers.sendgrid.client import SendGridProvider
from function.reason_codes import ReasonCode

MAIL = Email("ada@example.com", "A new book", "text", "<p>html</p>", {}, {"attempt": "a1"})


class Answering:
    """Stands where the HTTP client is: gives answers, or raises what a connection does."""

    timeout = 12.0

    def __init__(self, *answers: HttpResponse | NotificationError) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str], bytes]] = []

    def post(self, path: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        self.asked.append((path, dict(headers), body))
        answer = self.answers.pop(0)
        if isinstance(answer, NotificationError):
            raise answer
        return answer


def answer(status: int, body: object = "", headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(status, headers or {}, (body if isinstance(body, str) else json.dumps(body)).encode())


def make(kind: Any, http: Answering, url: str) -> Provider:
    provider: Provider = kind(url, http, Secret(lambda: "SG.secret"), "Herald <books@herald.example>")
    return provider


def sendgrid(status: int, message: str, field: str | None = None) -> tuple[Any, str, HttpResponse]:
    body = {"errors": [{"message": message, "field": field, "help": None}]}
    return SendGridProvider, "sendgrid://", answer(status, body)


def mailgun(status: int, message: object) -> tuple[Any, str, HttpResponse]:
    return MailgunProvider, "mailgun://herald.example", answer(status, message)


def resend(status: int, name: str, message: str) -> tuple[Any, str, HttpResponse]:
    return ResendProvider, "resend://", answer(status, {"statusCode": status, "name": name, "message": message})


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        # https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
        (sendgrid(400, "Does not contain a valid address.", "personalizations.0.to.0.email"), RefusedForGood),
        (sendgrid(400, "The from email does not contain a valid address.", "from.email"), ProviderUnavailable),
        (sendgrid(401, "The provided authorization grant is invalid, expired, or revoked"), ProviderUnavailable),
        (sendgrid(401, "Maximum credits exceeded"), QuotaExhausted),
        (sendgrid(403, "The from address does not match a verified Sender Identity.", "from"), ProviderUnavailable),
        (sendgrid(413, "Payload too large"), RefusedForGood),
        (sendgrid(429, "too many requests"), Throttled),
        (sendgrid(500, "internal"), OutcomeUnknown),
        ((SendGridProvider, "sendgrid://", answer(503, "<html>busy</html>")), OutcomeUnknown),
        # Valid, and not queued: https://www.twilio.com/docs/sendgrid/for-developers/sending-email/sandbox-mode
        ((SendGridProvider, "sendgrid://", answer(200)), OutcomeUnknown),
        ((SendGridProvider, "sendgrid://", answer(301)), OutcomeUnknown),
        # https://documentation.mailgun.com/docs/mailgun/api-reference/mg-errors
        (
            mailgun(400, {"message": "'to' parameter is not a valid address. please check documentation"}),
            RefusedForGood,
        ),
        (
            mailgun(400, {"message": "'from' parameter is not a valid address. please check documentation"}),
            ProviderUnavailable,
        ),
        (mailgun(401, "Forbidden"), ProviderUnavailable),
        (mailgun(402, {"message": "Request failed"}), ProviderUnavailable),
        (
            mailgun(403, {"message": "Domain herald.example is not allowed to send: The domain is unverified"}),
            ProviderUnavailable,
        ),
        (
            mailgun(
                403,
                {"message": "Domain herald.example is not allowed to send: request limit exceeded, try again later"},
            ),
            QuotaExhausted,
        ),
        (mailgun(404, {"message": "Domain not found: herald.example"}), ProviderUnavailable),
        (mailgun(413, ""), RefusedForGood),
        (mailgun(429, {"message": "Too many requests"}), Throttled),
        (mailgun(500, {"message": "limit exceeded"}), OutcomeUnknown),
        (mailgun(504, "<html>gateway</html>"), OutcomeUnknown),
        (mailgun(200, {"message": "Queued. Thank you."}), OutcomeUnknown),
        (mailgun(200, "not JSON"), OutcomeUnknown),
        # https://resend.com/docs/api-reference/errors
        (resend(400, "validation_error", "We found an error with one or more fields in the request."), RefusedForGood),
        (resend(401, "missing_api_key", "Missing API Key"), ProviderUnavailable),
        (resend(401, "validation_error", "API key is invalid"), ProviderUnavailable),
        (resend(400, "validation_error", "API key is invalid"), ProviderUnavailable),
        (resend(403, "invalid_api_key", "API key is invalid"), ProviderUnavailable),
        (resend(403, "validation_error", "The herald.example domain is not verified."), ProviderUnavailable),
        (resend(422, "invalid_from_address", "Invalid `from` field."), ProviderUnavailable),
        (resend(422, "missing_required_field", "Missing `to` field."), RefusedForGood),
        (resend(429, "rate_limit_exceeded", "Too many requests."), Throttled),
        (resend(429, "daily_quota_exceeded", "You have reached your daily email sending quota."), QuotaExhausted),
        (resend(429, "monthly_quota_exceeded", "You have reached your monthly email sending quota."), QuotaExhausted),
        (resend(429, "a_name_of_tomorrow", "?"), Throttled),
        (resend(451, "security_error", "We may have found a security issue with the request."), ProviderUnavailable),
        (
            resend(409, "invalid_idempotent_request", "Same idempotency key used with a different request payload."),
            OutcomeUnknown,
        ),
        (resend(409, "concurrent_idempotent_requests", "The original request is still in progress."), OutcomeUnknown),
        (resend(500, "application_error", "An unexpected error occurred."), OutcomeUnknown),
        (resend(503, "rate_limit_exceeded", "?"), OutcomeUnknown),
        ((ResendProvider, "resend://", answer(200, {})), OutcomeUnknown),
    ],
    ids=str,
)
def test_each_answer_is_one_of_three(given: tuple[Any, str, HttpResponse], kind: type[NotificationError]) -> None:
    provider, url, said = given
    with pytest.raises(NotificationError) as raised:
        make(provider, Answering(said, said), url).send(MAIL, "m1")
    assert type(raised.value) is kind, raised.value


@pytest.mark.parametrize(
    "given",
    [
        # "is not allowed to send: Free accounts are for test purposes only" of Mailgun's sandbox domains
        mailgun(
            403,
            {"message": "Free accounts are for test purposes only. Please add the address to authorized recipients"},
        ),
        resend(
            403,
            "validation_error",
            "You can only send testing emails to your own email address (books@herald.example).",
        ),
    ],
    ids=str,
)
def test_a_sandbox_that_does_not_know_the_recipient_is_named(given: tuple[Any, str, HttpResponse]) -> None:
    provider, url, said = given
    with pytest.raises(RefusedForGood) as raised:
        make(provider, Answering(said), url).send(MAIL, "m1")
    assert raised.value.reason.code == ReasonCode.RECIPIENT_UNVERIFIED
    assert "@herald.example" not in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "url", "accepted", "number"),
    [
        (
            SendGridProvider,
            "sendgrid://",
            answer(202, "", {"x-message-id": "vRdPqJcWSNmP4q3bq0NRKg"}),
            "vRdPqJcWSNmP4q3bq0NRKg",
        ),
        (
            MailgunProvider,
            "mailgun://herald.example",
            answer(200, {"id": "<2026.1@herald.example>", "message": "Queued. Thank you."}),
            "<2026.1@herald.example>",
        ),
        (
            ResendProvider,
            "resend://",
            answer(200, {"id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}),
            "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794",
        ),
    ],
)
def test_the_providers_own_id_is_kept(kind: Any, url: str, accepted: HttpResponse, number: str) -> None:
    receipt = make(kind, Answering(accepted), url).send(MAIL, "m1")
    assert (receipt.provider, receipt.message_id) == (url, number)


@pytest.mark.parametrize("kind", [SendGridProvider, MailgunProvider, ResendProvider])
def test_a_secret_that_a_provider_repeats_is_cut_out(kind: Any) -> None:
    body = {"errors": [{"message": "no SG.secret"}], "message": "no SG.secret", "name": "x"}
    with pytest.raises(ProviderUnavailable) as raised:
        make(kind, Answering(answer(403, body)), "mailgun://herald.example").send(MAIL, "m1")
    assert "SG.secret" not in str(raised.value)


LOST = OutcomeUnknown("lost")


@pytest.mark.parametrize(
    "second",
    [
        LOST,
        ProviderUnavailable("away"),
        answer(429, {"name": "rate_limit_exceeded"}),
        answer(422, {"name": "missing_required_field"}),
        answer(409, {"name": "concurrent_idempotent_requests"}),
    ],
    ids=str,
)
def test_what_comes_of_asking_resend_again_says_nothing_of_the_first(second: HttpResponse | NotificationError) -> None:
    http = Answering(LOST, second)
    with pytest.raises(OutcomeUnknown):
        make(ResendProvider, http, "resend://").send(MAIL, "m1")
    assert len(http.asked) == 2


def test_resend_is_asked_again_under_the_same_key_with_the_same_mail() -> None:
    http = Answering(LOST, answer(200, {"id": "1"}))
    assert make(ResendProvider, http, "resend://").send(MAIL, "m1").message_id == "1"
    first, second = http.asked
    assert first == second
    assert first[1]["Idempotency-Key"] == "m1/a1"


@pytest.mark.parametrize("said", [answer(429, {}), answer(401, {}), ProviderUnavailable("away")], ids=str)
def test_what_was_certainly_not_sent_is_asked_for_once(said: HttpResponse | NotificationError) -> None:
    http = Answering(said)
    with pytest.raises(NotificationError):
        make(ResendProvider, http, "resend://").send(MAIL, "m1")
    assert len(http.asked) == 1


def test_every_name_of_resends_errors_has_one_meaning() -> None:
    assert set(BY_NAME.values()) <= {
        RefusedForGood,
        ProviderUnavailable,
        OutcomeUnknown,
        QuotaExhausted,
        Throttled,
    }


class TestSecret:
    def test_it_is_read_again_at_most_once_a_minute(self) -> None:
        now, reads = [0.0], []

        def read() -> str:
            reads.append(1)
            return f" key-{len(reads)}\n"

        secret = Secret(read, lambda: now[0])
        for seconds, value in ((1, "key-1"), (59.9, "key-1"), (60, "key-2"), (100, "key-2"), (121, "key-3")):
            now[0] = seconds
            secret.reread()
            assert secret.value == value

    def test_a_reading_that_fails_leaves_the_old_one(self) -> None:
        values = iter(["key"])
        now = iter([0.0, 100.0, 100.0, 100.0])
        secret = Secret(lambda: next(values), lambda: next(now))
        secret.reread()
        assert secret.value == "key"

    def test_it_is_not_shown(self) -> None:
        assert "key" not in repr(Secret(lambda: "key"))
