"""Creates providers from the URLs in the settings. A provider that no URL names is not imported, to keep the start
fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from function.providers.failover import Provider
from function.providers.urls import is_ses, read_scheme
from function.runtime.lean_dataclass import dataclass

if TYPE_CHECKING:
    from function.providers.secret import Secret

__all__ = ["ProviderSetup", "open_provider"]


@dataclass(frozen=True, slots=True)
class ProviderSetup:
    """What providers are created from: the From header, SES's configuration set, the secrets' ARNs by URL, and
    endpoints that replace the real ones, by scheme. `ses` makes a client for a region and a configuration, `secret`
    reads the secret of an ARN."""

    sender: str
    configuration_set: str
    ses: Callable[[str, Any], Any]
    secret: Callable[[str], str]
    secrets: Mapping[str, str]
    endpoints: Mapping[str, str]


def open_provider(url: str, setup: ProviderSetup) -> Provider:
    """Create the provider that `url` names, and read its secret. Raises what reading the secret raises."""
    if is_ses(url):
        from function.providers.ses.client import SesProvider, build_client_config  # noqa: PLC0415  only if a URL names it

        client = setup.ses(url.removeprefix("ses://"), build_client_config())
        return SesProvider(url, client, setup.sender, setup.configuration_set)
    from function.providers.secret import Secret  # noqa: PLC0415  only if a URL names it

    secret = Secret(lambda: setup.secret(setup.secrets[url]))
    return _OPENERS[read_scheme(url)](url, secret, setup)


def _open_smtp(url: str, secret: Secret, setup: ProviderSetup) -> Provider:
    from function.providers.http_client import make_tls_context  # noqa: PLC0415  only if a URL names it
    from function.providers.smtp import SmtpProvider  # noqa: PLC0415  only if a URL names it

    return SmtpProvider(url, secret, setup.sender, make_tls_context())


def _open_sendgrid(url: str, secret: Secret, setup: ProviderSetup) -> Provider:
    from function.providers.http_client import HttpClient  # noqa: PLC0415  only if a URL names it
    from function.providers.sendgrid.client import ENDPOINT, SendGridProvider  # noqa: PLC0415  only if a URL names it

    client = HttpClient("SendGrid", setup.endpoints.get("sendgrid", ENDPOINT))
    return SendGridProvider(url, client, secret, setup.sender)


def _open_mailgun(url: str, secret: Secret, setup: ProviderSetup) -> Provider:
    from function.providers.http_client import HttpClient  # noqa: PLC0415  only if a URL names it
    from function.providers.mailgun.client import ENDPOINTS, MailgunProvider  # noqa: PLC0415  only if a URL names it

    client = HttpClient("Mailgun", setup.endpoints.get("mailgun", ENDPOINTS[read_scheme(url)]))
    return MailgunProvider(url, client, secret, setup.sender)


def _open_resend(url: str, secret: Secret, setup: ProviderSetup) -> Provider:
    from function.providers.http_client import HttpClient  # noqa: PLC0415  only if a URL names it
    from function.providers.resend.client import ENDPOINT, READ_TIMEOUT, ResendProvider  # noqa: PLC0415  only if a URL names it

    client = HttpClient("Resend", setup.endpoints.get("resend", ENDPOINT), READ_TIMEOUT)
    return ResendProvider(url, client, secret, setup.sender)


_OPENERS: dict[str, Callable[[str, Secret, ProviderSetup], Provider]] = {
    "smtp": _open_smtp,
    "sendgrid": _open_sendgrid,
    "mailgun": _open_mailgun,
    "mailgun+eu": _open_mailgun,
    "resend": _open_resend,
}
