"""A bad setting is one clear line that names it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from function.bootstrap import Clients
from function.environment import BadSetting, read_timeout_factor
from function.message.addressing.tenant import Tenant, find_own_lists, pack_tenants
from function.settings import (
    EventsApiSettings,
    FeedbackSettings,
    LedgerSettings,
    NotifySettings,
    WebhookSettings,
)

GOOD = {
    "HERALD_LEDGER_TABLE": "herald-ledger",
    "HERALD_DEAD_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/herald-dead",
    "HERALD_RETRY_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/herald-retry",
    "HERALD_PROVIDERS": "ses://eu-west-1, ses://us-east-1",
    "HERALD_FROM": "Herald <books@herald.example>",
    "HERALD_CONFIGURATION_SET": "herald",
    "HERALD_ADDRESS_KEY_PARAMETER": "/herald/address-key",
}


def test_what_is_not_set_has_its_default() -> None:
    settings = NotifySettings.read(GOOD, "r1")
    assert settings.ledger == LedgerSettings("herald-ledger", hold=900, retention_days=60, release="r1")
    assert settings.providers == ("ses://eu-west-1", "ses://us-east-1")
    assert settings.on_unknown == "resend"
    assert (settings.retry_policy.give_up, settings.retry_policy.receives) == (86_400, 200)


def test_what_is_set_is_read() -> None:
    values = GOOD | {
        "HERALD_HOLD_SECONDS": "5",
        "HERALD_RETENTION_DAYS": "40",
        "HERALD_RELEASE": "r9",
        "HERALD_ON_UNKNOWN": "hold",
        "HERALD_RETRY_RECEIVES": "7",
    }
    settings = NotifySettings.read(values, "r1")
    assert settings.ledger == LedgerSettings("herald-ledger", hold=5, retention_days=40, release="r9")
    assert (settings.on_unknown, settings.retry_policy.receives) == ("hold", 7)


TENANTS: dict[str, dict[str, Any]] = {
    "acme": {
        "from": "Bücher <mail@acme.example>",
        "configuration_set": "acme",
        "tenant_name": "acme-ses",
        "providers": ["ses://eu-west-1"],
        "suppression": "own",
    },
    "globex": {"from": "mail@globex.example"},
}


def test_tenants_are_read_as_terraform_packs_them() -> None:
    found = NotifySettings.read(GOOD | {"HERALD_TENANTS": pack_tenants(TENANTS)}, "r1").tenants
    sender = "=?utf-8?q?B=C3=BCcher?= <mail@acme.example>"
    assert found == {
        "acme": Tenant("acme", sender, "acme", "acme-ses", frozenset({"ses://eu-west-1"}), own_list=True),
        "globex": Tenant("globex", "mail@globex.example"),
    }
    assert find_own_lists(pack_tenants(TENANTS)) == ["acme"]


@pytest.mark.parametrize(
    "value",
    [
        "acme",
        "{}",
        "e30=",
        pack_tenants({"Acme": {"from": "a@acme.example"}}),
        pack_tenants({"acme": {}}),
        pack_tenants({"acme": {"from": "a@acme.example", "colour": "red"}}),
        pack_tenants({"acme": {"from": "a@acme.example, b@acme.example"}}),
        pack_tenants({"acme": {"from": "a@acme.example", "suppression": "none"}}),
        pack_tenants({"acme": {"from": "a@acme.example", "configuration_set": "a b"}}),
        pack_tenants({"acme": {"from": "a@acme.example", "providers": []}}),
        pack_tenants({"acme": {"from": "a@acme.example", "providers": ["resend://"]}}),
    ],
)
def test_a_declaration_of_tenants_that_cannot_be_is_one_line(value: str) -> None:
    with pytest.raises(BadSetting, match=r"^HERALD_TENANTS must be ") as error:
        NotifySettings.read(GOOD | {"HERALD_TENANTS": value}, "r1")
    assert len(str(error.value)) < 200


def test_a_tenant_without_a_brand_in_the_package_stops_the_start() -> None:
    settings = NotifySettings.read(GOOD | {"HERALD_TENANTS": pack_tenants(TENANTS)}, "r1")
    settings.require_brands(frozenset({"acme", "globex", "another"}))
    with pytest.raises(BadSetting, match=r"no brand for: add brands/acme\.json, brands/globex\.json$"):
        settings.require_brands(frozenset({"another"}))


def test_one_factor_scales_every_wait() -> None:
    retry_policy = NotifySettings.read(GOOD | {"HERALD_TIME_SCALE": "0.001"}, "r1").retry_policy
    assert (retry_policy.first, retry_policy.longest) == pytest.approx((0.002, 0.9))
    assert (retry_policy.quota, retry_policy.give_up) == pytest.approx((3.6, 86.4))


def test_one_factor_lengthens_every_timeout() -> None:
    assert read_timeout_factor({}) == 1
    assert read_timeout_factor({"HERALD_TIMEOUT_FACTOR": "10"}) == 10


@pytest.mark.parametrize(("factor", "timeouts"), [("1", (2, 5)), ("10", (20, 50))])
def test_a_slow_emulator_is_waited_for(monkeypatch: pytest.MonkeyPatch, factor: str, timeouts: tuple[int, int]) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("HERALD_TIMEOUT_FACTOR", factor)
    config = Clients().sqs().meta.config
    assert (config.connect_timeout, config.read_timeout) == timeouts


@pytest.mark.parametrize("value", ["0.5", "101", "nan", "long"])
def test_a_timeout_factor_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(BadSetting, match=r"^HERALD_TIMEOUT_FACTOR must be a factor from 1 to 100, not "):
        read_timeout_factor({"HERALD_TIMEOUT_FACTOR": value})


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_setting_that_is_missing_is_named(name: str, value: str | None) -> None:
    values = {key: text for key, text in (GOOD | {name: value}).items() if text is not None}
    with pytest.raises(BadSetting) as raised:
        NotifySettings.read(values, "r1")
    assert str(raised.value) == f"{name} is not set"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HERALD_HOLD_SECONDS", "soon"),
        ("HERALD_HOLD_SECONDS", "0.4"),
        ("HERALD_HOLD_SECONDS", "3601"),
        ("HERALD_HOLD_SECONDS", "nan"),
        ("HERALD_HOLD_SECONDS", "inf"),
        ("HERALD_RETENTION_DAYS", "39"),
        ("HERALD_RETENTION_DAYS", "3651"),
        ("HERALD_RETENTION_DAYS", "ninety"),
        ("HERALD_TIME_SCALE", "0"),
        ("HERALD_TIME_SCALE", "1.1"),
        ("HERALD_RETRY_SECONDS", "0"),
        ("HERALD_RETRY_SECONDS", "1209601"),
        ("HERALD_RETRY_RECEIVES", "0"),
        ("HERALD_RETRY_RECEIVES", "1001"),
        ("HERALD_ON_UNKNOWN", "Resend"),
        ("HERALD_PROVIDER_ENDPOINTS", '{"resend": "https://resend.evil.example"}'),
        ("HERALD_FROM", "nobody"),
        ("HERALD_FROM", "Herald <books>"),
        ("HERALD_FROM", "Herald <books@herald.example"),
        ("HERALD_FROM", "a@b.example, c@d.example"),
        ("HERALD_FROM", "Herald\r\nBcc: all <books@herald.example>"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_what_it_must_be(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as raised:
        NotifySettings.read(GOOD | {name: value}, "r1")
    said = str(raised.value)
    assert said.startswith(f"{name} must be ")
    assert said.endswith(f", not {value!r}")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HERALD_PROVIDERS", "ses"),
        ("HERALD_PROVIDERS", "ses://eu-west-1,"),
        ("HERALD_PROVIDERS", "smtp://ada:secret@mail.herald.example:587"),
        ("HERALD_PROVIDERS", "sendgrid://SG.secret"),
        ("HERALD_PROVIDER_SECRETS", "secret"),
        ("HERALD_PROVIDER_SECRETS", '{"ses://eu-west-1": {"key": "secret"}}'),
        ("HERALD_PROVIDER_SECRETS", '{"ses://eu-west-1": "secret"}'),
        ("HERALD_PROVIDER_SECRETS", '["secret"]'),
    ],
)
def test_a_setting_that_may_hold_a_password_is_named_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as raised:
        NotifySettings.read(GOOD | {name: value}, "r1")
    said = str(raised.value)
    assert said.startswith(f"{name} must be ")
    assert not said.endswith(value)
    assert "ada:secret" not in said
    assert "SG." not in said


@pytest.mark.parametrize("region", ["eu-west-1", "ap-southeast-2", "us-gov-west-1"])
def test_every_region_of_ses_is_a_provider(region: str) -> None:
    assert NotifySettings.read(GOOD | {"HERALD_PROVIDERS": f"ses://{region}"}, "r1").providers == (f"ses://{region}",)


_OF_FEEDBACK = [
    "HERALD_LEDGER_TABLE",
    "HERALD_ADDRESS_KEY_PARAMETER",
    "HERALD_CONFIGURATION_SET",
    "HERALD_DEAD_QUEUE_URL",
    "HERALD_RETRY_QUEUE_URL",
    "HERALD_PROVIDERS",
]


@pytest.mark.parametrize("name", _OF_FEEDBACK)
def test_feedback_asks_for_its_six_settings_only(name: str) -> None:
    needed = {key: GOOD[key] for key in _OF_FEEDBACK}
    assert FeedbackSettings.read(needed, "r1").address_key_parameter == "/herald/address-key"
    del needed[name]
    with pytest.raises(BadSetting, match=f"{name} is not set"):
        FeedbackSettings.read(needed, "r1")


def test_feedback_knows_where_what_did_not_come_home_lies() -> None:
    assert FeedbackSettings.read(GOOD, "r1").undelivered_queues == {}
    there = {"eu-west-1": "https://sqs.eu-west-1.amazonaws.com/123456789012/herald-feedback-undelivered"}
    settings = FeedbackSettings.read(GOOD | {"HERALD_UNDELIVERED_QUEUES": json.dumps(there)}, "r1")
    assert settings.undelivered_queues == there
    for wrong in ("[]", "{", '{"eu-west-1": "herald"}'):
        with pytest.raises(BadSetting, match="HERALD_UNDELIVERED_QUEUES must be JSON"):
            FeedbackSettings.read(GOOD | {"HERALD_UNDELIVERED_QUEUES": wrong}, "r1")


_OF_EVENTS_API = {
    "HERALD_EVENTS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:herald-events",
    "HERALD_EVENTS_SCOPE": "herald",
}


@pytest.mark.parametrize("name", _OF_EVENTS_API)
def test_events_api_asks_for_its_two_settings_only(name: str) -> None:
    assert not EventsApiSettings.read(_OF_EVENTS_API).scheduling
    with pytest.raises(BadSetting, match=f"{name} is not set"):
        EventsApiSettings.read({key: value for key, value in _OF_EVENTS_API.items() if key != name})


@pytest.mark.parametrize(
    ("providers", "asks"),
    [
        ("resend://", False),
        ("ses://eu-west-1,resend://", False),
        ("resend://,ses://eu-west-1", True),
        ("ses://eu-west-1,mailgun://mg.herald.example,sendgrid://", True),
        ("smtp://mail.example.com:587,ses://eu-west-1", False),
    ],
)
def test_feedback_asks_the_next_provider_only_after_one_that_reports_by_webhook(providers: str, asks: bool) -> None:
    settings = FeedbackSettings.read(GOOD | {"HERALD_PROVIDERS": providers}, "r1")
    assert settings.asks_next_provider == asks


_KEY = "arn:aws:ssm:eu-west-1:123456789012:parameter/herald/webhook"
_OF_WEBHOOK = {
    "HERALD_LEDGER_TABLE": "herald-ledger",
    "HERALD_FEEDBACK_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/123456789012/herald-feedback",
    "HERALD_WEBHOOK_SECRETS": json.dumps({"resend://": _KEY, "mailgun+eu://mg.herald.example": _KEY}),
}


@pytest.mark.parametrize("name", _OF_WEBHOOK)
def test_webhook_asks_for_its_three_settings_only(name: str) -> None:
    assert WebhookSettings.read(_OF_WEBHOOK).secrets["resend://"] == _KEY
    with pytest.raises(BadSetting, match=f"{name} is not set"):
        WebhookSettings.read({key: value for key, value in _OF_WEBHOOK.items() if key != name})


@pytest.mark.parametrize(
    "secrets",
    [
        {},
        [],
        {"ses://eu-west-1": _KEY},
        {"smtp://mail.herald.example:587": _KEY},
        {"postmark://": _KEY},
        {"resend://": "whsec_the-key-itself"},
        {"resend://": {"key": _KEY}},
        {"resend://": None},
        {"resend:// ,mailgun://mg.herald.example": _KEY},
    ],
)
def test_only_providers_that_report_so_have_a_signing_key_and_only_by_reference(secrets: object) -> None:
    with pytest.raises(BadSetting, match="HERALD_WEBHOOK_SECRETS must be JSON") as refused:
        WebhookSettings.read(_OF_WEBHOOK | {"HERALD_WEBHOOK_SECRETS": json.dumps(secrets)})
    assert "whsec" not in str(refused.value)


def test_every_role_that_gets_copies_has_an_address_of_the_deployment() -> None:
    alone = NotifySettings.read(GOOD, "r1")
    alone.require_roles({})
    named = {"order.paid": {"accounting"}, "order.shipped": {"accounting", "sales"}}
    with pytest.raises(
        BadSetting, match=r"^HERALD_ROLES must name accounting, which gets copies of order\.paid: add it"
    ):
        alone.require_roles(named)
    some = {"HERALD_ROLES": '{"accounting": "books@example.com"}'}
    with pytest.raises(BadSetting, match=r"^HERALD_ROLES must name sales, which gets copies of order\.shipped: add it"):
        NotifySettings.read(GOOD | some, "r1").require_roles(named)
    both = {"HERALD_ROLES": '{"accounting": "books@example.com", "sales": "sales@example.com"}'}
    NotifySettings.read(GOOD | both, "r1").require_roles(named)


def test_a_bad_address_of_a_role_is_not_repeated() -> None:
    with pytest.raises(BadSetting, match=r"^HERALD_ROLES must be JSON") as refused:
        NotifySettings.read(GOOD | {"HERALD_ROLES": '{"accounting": "books at example.com"}'}, "r1")
    assert "books at" not in str(refused.value)


def test_a_notification_is_only_from_an_address_that_the_deployment_allows() -> None:
    own = {"order.paid": "Shop <books@herald.example>"}
    other = {"order.shipped": "Shop <orders@herald.example>"}
    alone = NotifySettings.read(GOOD, "r1")
    alone.require_allowed({})
    alone.require_allowed(own)
    with pytest.raises(BadSetting, match=r"^HERALD_SENDERS must name the address that order\.shipped is sent from"):
        alone.require_allowed(own | other)
    more = {"HERALD_SENDERS": "help@herald.example, orders@herald.example"}
    NotifySettings.read(GOOD | more, "r1").require_allowed(own | other)
