"""What the laptop cloud has for copies: an address for each role, and no provider that does not say whose bounced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from function.environment import read_roles
from laptop.provision.functions import declare_roles
from laptop.provision.providers import choose_provider_urls
from operations.errors import UserError

SES, RESEND = "ses://us-east-1", "resend://"


def test_every_role_that_a_notification_names_has_an_address(tmp_path: Path) -> None:
    notifications = {"paid": {"cc": ["accounting"], "bcc": ["archive"]}, "shipped": {"bcc": ["archive"]}, "other": {}}
    (tmp_path / "catalogue.json").write_text(json.dumps({"notifications": notifications}))
    told = declare_roles(tmp_path)
    assert told.keys() == {"HERALD_ROLES"}
    assert read_roles([SES])(told["HERALD_ROLES"]) == {
        "accounting": "accounting@herald.example",
        "archive": "archive@herald.example",
    }


def test_without_copies_there_is_no_setting(compiled: Path) -> None:
    assert declare_roles(compiled) == {}


def test_resend_sends_nothing_where_mails_have_copies_and_the_user_is_told() -> None:
    said: list[str] = []
    assert choose_provider_urls([SES, RESEND], False, said.append) == [SES, RESEND]
    assert said == []
    assert choose_provider_urls([SES, RESEND], True, said.append) == [SES]
    assert said == ["Resend sends nothing here: some mails have copies, and it does not say whose bounced."]
    with pytest.raises(UserError, match="take --providers"):
        choose_provider_urls([RESEND], True, said.append)
