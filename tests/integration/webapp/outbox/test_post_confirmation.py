"""A confirmed account is greeted once, and a greeting that fails hurts nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.webapp.conftest import Cloud
from webapp.composition import Services
from webapp.functions import post_confirmation
from webapp.settings import PostConfirmationSettings

ADA = {
    "sub": "ada-1815",
    "email": "ada@example.com",
    "email_verified": "true",
    "cognito:user_status": "CONFIRMED",
    "name": "Ada Lovelace",
    "locale": "de_AT",
}


@pytest.fixture(autouse=True)
def composed(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = PostConfirmationSettings(
        books_table="herald-books", event_source="urn:herald:webapp", public_url="https://herald.example"
    )
    monkeypatch.setattr(post_confirmation, "compose", lambda: (settings, services.outbox))


def trigger(source: str = "PostConfirmation_ConfirmSignUp", **attributes: str) -> dict[str, Any]:
    """What Cognito hands to the trigger."""
    return {"triggerSource": source, "userName": "ada", "request": {"userAttributes": ADA | attributes}, "response": {}}


def test_a_confirmed_account_is_greeted(cloud: Cloud) -> None:
    asked = trigger()
    assert post_confirmation.handler(asked, None) is asked
    [row] = cloud.rows("outbox")
    event = json.loads(row["body"]["S"])
    assert event["type"] == row["type"]["S"] == "user.welcome"
    assert event["data"] == {
        "recipient": {"email": "ada@example.com", "name": "Ada Lovelace", "locale": "de-AT"},
        "account": {"url": "https://herald.example/"},
    }
    assert row["queue"]["S"].startswith("unpublished#")


def test_a_repeated_trigger_greets_nobody_twice(cloud: Cloud) -> None:
    post_confirmation.handler(trigger(), None)
    [before] = cloud.rows("outbox")
    post_confirmation.handler(trigger(name="Ada Byron"), None)
    assert cloud.rows("outbox") == [before]


def test_a_new_password_is_no_new_account(cloud: Cloud) -> None:
    post_confirmation.handler(trigger("PostConfirmation_ConfirmForgotPassword"), None)
    assert cloud.rows("outbox") == []


@pytest.mark.parametrize("bad", [{"email_verified": "false"}, {"email": "x@y.example,z@y.example"}, {"sub": ""}])
def test_an_account_that_can_get_no_mail_is_not_greeted(cloud: Cloud, bad: dict[str, str]) -> None:
    asked = trigger(**bad)
    assert post_confirmation.handler(asked, None) is asked
    assert cloud.rows("outbox") == []


def test_a_greeting_that_fails_hurts_nobody(cloud: Cloud) -> None:
    cloud.dynamodb.delete_table(TableName="herald-books")
    asked = trigger()
    assert post_confirmation.handler(asked, None) is asked
