"""Which providers `herald smoke --provider` tests, by what the settings of notify say."""

from __future__ import annotations

import pytest

from doctor.check_context import CheckContext
from doctor.smoke_providers import choose_smoke_providers
from operations.errors import UserError
from tests.unit.doctor import fake_cloud


def context(providers: str) -> CheckContext:
    settings = {"Environment": {"Variables": {"HERALD_PROVIDERS": providers}}}
    return fake_cloud.context({("lambda", "GetFunctionConfiguration"): settings})


@pytest.mark.parametrize("name", ["each", "ses"])
def test_providers_are_read_as_notify_reads_them(name: str) -> None:
    providers = context("smtp://mail.example.com:587, ses://eu-west-1")
    assert [each.url for each in choose_smoke_providers(providers, [name])] == ["ses://eu-west-1"]


def test_a_setting_that_notify_could_not_read_is_named() -> None:
    with pytest.raises(UserError, match=r"^HERALD_PROVIDERS of herald-notify names no providers: "):
        choose_smoke_providers(context("ses:"), ["each"])
