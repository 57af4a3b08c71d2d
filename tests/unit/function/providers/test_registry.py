"""Each URL opens its provider, which asks its own API, and no longer than the settings reckon with."""

from __future__ import annotations

from typing import Any

import pytest

from function.providers.registry import ProviderSetup, open_provider

#: Seconds that `function.settings` reckons a send takes at most.
LONGEST_SEND = 12


def setup(**endpoints: str) -> ProviderSetup:
    secrets = {url: f"arn:{url}" for url, _ in URLS}
    sender = "Herald <books@herald.example>"
    return ProviderSetup(sender, "herald", lambda *_: None, lambda arn: f"ada:{arn}", secrets, endpoints)


URLS = [
    ("ses://eu-west-1", None),
    ("smtp://mail.herald.example:587", None),
    ("sendgrid://", "api.sendgrid.com"),
    ("mailgun://herald.example", "api.mailgun.net"),
    ("mailgun+eu://herald.example", "api.eu.mailgun.net"),
    ("resend://", "api.resend.com"),
]


@pytest.mark.parametrize(("url", "host"), URLS)
def test_each_url_opens_its_provider(url: str, host: str | None) -> None:
    provider: Any = open_provider(url, setup())
    assert provider.url == url
    assert 0 < provider.timeout <= LONGEST_SEND
    if host:
        connection = provider.http._connection
        assert (connection.host, connection.port) == (host, 443)
    if not url.startswith("ses:"):
        assert provider.secret.value == f"ada:arn:{url}"


@pytest.mark.parametrize(("url", "host"), [(url, host) for url, host in URLS if host])
def test_on_this_machine_a_simulator_stands_in_for_a_provider(url: str, host: str) -> None:
    here = "http://127.0.0.1:8028"
    provider: Any = open_provider(url, setup(sendgrid=here, mailgun=here, resend=here))
    assert (provider.http._connection.host, provider.http._connection.port) == ("127.0.0.1", 8028)
