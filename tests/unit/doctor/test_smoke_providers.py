"""Which providers `herald smoke --provider` tests, by what the settings of notify say."""

from __future__ import annotations

import pytest

from doctor.smoke_providers import choose_providers
from doctor.system import System
from operations.errors import UserError
from tests.unit.doctor import fake_cloud


def system(providers: str) -> System:
    settings = {"Environment": {"Variables": {"HERALD_PROVIDERS": providers}}}
    return fake_cloud.system({("lambda", "GetFunctionConfiguration"): settings})


@pytest.mark.parametrize("name", ["each", "ses"])
def test_providers_are_read_as_notify_reads_them(name: str) -> None:
    providers = system("smtp://mail.example.com:587, ses://eu-west-1")
    assert [each.url for each in choose_providers(providers, [name])] == ["ses://eu-west-1"]


def test_a_setting_that_notify_could_not_read_is_named() -> None:
    with pytest.raises(UserError, match=r"^HERALD_PROVIDERS of herald-notify names no providers: "):
        choose_providers(system("ses:"), ["each"])
