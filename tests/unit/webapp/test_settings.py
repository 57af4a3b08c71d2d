"""A bad setting ends the process with one line that names it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from function.environment import parse_collector
from webapp.settings import (
    OutboxSettings,
    PostConfirmationSettings,
    ReconcileSettings,
    SettingsError,
    TimeoutSettings,
    WebSettings,
)

GOOD = {
    "HERALD_BOOKS_TABLE": "herald-books",
    "HERALD_LEDGER_TABLE": "herald-ledger",
    "HERALD_EVENTS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:herald-events",
    "HERALD_PUBLIC_URL": "https://herald.example/",
    "HERALD_EVENT_SOURCE": "urn:herald:webapp",
    "HERALD_OIDC_ISSUER": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_x",
    "HERALD_OIDC_DISCOVERY_URL": "http://127.0.0.1:4566/us-east-1_x/.well-known/openid-configuration",
    "HERALD_OIDC_CLIENT_ID": "client",
    "HERALD_SESSION_KEY_PARAMETER": "/herald/session-key",
    "HERALD_LINK_KEY_PARAMETER": "/herald/link-key",
    "HERALD_ADDRESS_KEY_PARAMETER": "/herald/address-key",
    "HERALD_DEAD_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/herald-dead",
    "HERALD_RETRY_QUEUE_URL": "http://127.0.0.1:4566/000000000000/herald-retry",
    "HERALD_FEEDBACK_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/herald-feedback",
    "HERALD_NOTIFY_FUNCTION": "herald-notify",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set the good settings, with these changes."""

    def change(**changes: str) -> None:
        for name, value in (GOOD | changes).items():
            monkeypatch.setenv(name, value)

    return change


def test_good_settings_are_taken(environment: Callable[..., None]) -> None:
    environment()
    settings = WebSettings.from_environment()
    assert settings.public_url == "https://herald.example"
    assert (settings.operator_claim, settings.operator_value) == ("cognito:groups", "operators")
    assert settings.oidc_client_secret_parameter is None
    assert settings.requests_per_second == 100
    assert OutboxSettings.from_environment().sweep_after_seconds == 60
    assert ReconcileSettings.from_environment().reconcile_after_seconds == 3600
    assert PostConfirmationSettings.from_environment().public_url == "https://herald.example"


@pytest.mark.parametrize("name", [name for name in GOOD if name != "HERALD_EVENTS_TOPIC_ARN"])
@pytest.mark.parametrize("value", ["", "  "])
def test_a_missing_setting_is_named(environment: Callable[..., None], name: str, value: str) -> None:
    environment(**{name: value})
    with pytest.raises(SettingsError, match=f"^{name} is not set: give it .*\\.$"):
        WebSettings.from_environment()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HERALD_BOOKS_TABLE", "two words"),
        ("HERALD_PUBLIC_URL", "http://herald.example"),
        ("HERALD_PUBLIC_URL", "herald.example"),
        ("HERALD_PUBLIC_URL", "https://user@herald.example"),
        ("HERALD_PUBLIC_URL", 'https://herald.example/"'),
        ("HERALD_PUBLIC_URL", "http://127.0.0.1.evil.example"),
        ("HERALD_OIDC_DISCOVERY_URL", "file:///etc/passwd"),
        ("HERALD_OIDC_ISSUER", "cognito"),
        ("HERALD_EVENT_SOURCE", "web app"),
        ("HERALD_SESSION_KEY_PARAMETER", "a key of one's own"),
        ("HERALD_SESSION_SECONDS", "for ever"),
        ("HERALD_SIGN_UP_URL", "javascript:alert(1)"),
        ("HERALD_REQUESTS_PER_SECOND", "0"),
        ("HERALD_OTLP_ENDPOINT", "http://collector.example:4318"),
        ("HERALD_OTLP_ENDPOINT", "http://[::1]:4318"),
        ("HERALD_OTLP_ENDPOINT", "https://user@collector.example"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(environment: Callable[..., None], name: str, value: str) -> None:
    environment(**{name: value})
    with pytest.raises(SettingsError) as end:
        WebSettings.from_environment()
    assert str(end.value).startswith(f"{name} is {value!r}, but must be ")
    assert "\n" not in str(end.value)
    assert end.value.code == str(end.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HERALD_EVENTS_TOPIC_ARN", "herald-events"),
        ("HERALD_EVENTS_TOPIC_ARN", "arn:aws:sqs:us-east-1:000000000000:herald-events"),
        ("HERALD_SWEEP_AFTER_SECONDS", "-1"),
        ("HERALD_SWEEP_AFTER_SECONDS", "soon"),
        ("HERALD_SWEEP_AFTER_SECONDS", "86401"),
    ],
)
def test_a_wrong_setting_of_the_outbox_is_named(environment: Callable[..., None], name: str, value: str) -> None:
    environment(**{name: value})
    with pytest.raises(SettingsError, match=f"^{name} is "):
        OutboxSettings.from_environment()


@pytest.mark.parametrize("value", ["0.5", "101", "nan", "soon"])
def test_a_wrong_timeout_factor_is_named(environment: Callable[..., None], value: str) -> None:
    environment(HERALD_TIMEOUT_FACTOR=value)
    with pytest.raises(SettingsError, match=r"^HERALD_TIMEOUT_FACTOR is .*, but must be a factor from 1 to 100"):
        TimeoutSettings.from_environment()


@pytest.mark.parametrize("value", ["https://collector.example/otlp/", "http://localhost:4318", "http://127.0.0.1"])
def test_a_collector_is_judged_as_the_notifier_judges_it(environment: Callable[..., None], value: str) -> None:
    environment(HERALD_OTLP_ENDPOINT=value, HERALD_TIMEOUT_FACTOR="2.5")
    assert WebSettings.from_environment().otlp_endpoint == parse_collector(value)
    assert TimeoutSettings.from_environment().timeout_factor == 2.5
