"""The URLs that name providers in settings, on timelines and in the ledger: which are valid, and what each provider
supports.

infra/modules/notifier/variables.tf validates them in the same way at plan time; infra/tests/values.json keeps both
consistent.
"""

from __future__ import annotations

import re

__all__ = [
    "build_webhook_path",
    "gives_feedback",
    "is_ses",
    "list_later_providers",
    "list_ses_regions",
    "names_the_recipient",
    "needs_secret",
    "parse_provider_urls",
    "read_scheme",
    "reports_by_webhook",
]

_DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
#: SMTP through a submission port, which starts in plain text and upgrades to TLS: RFC 6409, and other ports where that
#: is blocked. Lambda blocks port 25: https://aws.amazon.com/lambda/faqs/ ("TCP port 25 traffic is also blocked"). Ports
#: 465 and 2465 require TLS from the first byte: https://docs.aws.amazon.com/ses/latest/dg/smtp-connect.html
_SMTP = rf"smtp://({_DOMAIN}|127\.0\.0\.1):(?!(?:25|465|2465)$)(?P<port>[1-9][0-9]{{1,4}})"
#: SES is not available in China: https://docs.aws.amazon.com/general/latest/gr/ses.html, and botocore's endpoints.
_SES = r"ses://(?!cn-)[a-z]{2,4}(-[a-z]+)+-[0-9]"
_URL = re.compile(rf"{_SES}|{_SMTP}|sendgrid://|mailgun(\+eu)?://{_DOMAIN}|resend://")
_LONGEST = 300


def parse_provider_urls(text: str) -> tuple[str, ...]:
    """Parse a comma-separated list of providers, in order of preference. Raises ValueError for an unknown one, and for
    a duplicate, which would fail over to the provider that failed."""
    urls = tuple(part.strip() for part in text.split(","))
    if len(set(urls)) < len(urls) or not all(map(_exists, urls)):
        raise ValueError(text)
    return urls


def _exists(url: str) -> bool:
    found = _URL.fullmatch(url)
    return bool(found) and len(url) <= _LONGEST and int((found and found["port"]) or 0) < 65_536


def list_later_providers(urls: tuple[str, ...], url: str) -> tuple[str, ...]:
    """Return the providers after this one; none if it is not in the list any more."""
    return urls[urls.index(url) + 1 :] if url in urls else ()


def read_scheme(url: str) -> str:
    """Return the scheme: `mailgun+eu` for `mailgun+eu://example.com`."""
    return url.partition("://")[0]


def is_ses(url: str) -> bool:
    """Whether the provider is SES, which uses the function's own IAM role instead of a secret."""
    return read_scheme(url) == "ses"


def needs_secret(url: str) -> bool:
    """Whether the provider needs its own key or password."""
    return not is_ses(url)


def gives_feedback(url: str) -> bool:
    """Whether the provider's reports resolve a lost answer."""
    return is_ses(url)


def reports_by_webhook(url: str) -> bool:
    """Whether the provider can report over HTTP, to `build_webhook_path`, if its signing key is configured."""
    return not is_ses(url) and read_scheme(url) != "smtp"


def names_the_recipient(url: str) -> bool:
    """Whether the provider's reports on a mail to several addresses say which address they concern.

    Resend lists all of a mail's `to` in each event: https://github.com/resend/resend-python/issues/68
    """
    return read_scheme(url) != "resend"


def build_webhook_path(url: str) -> str:
    """Return the path of a provider's webhooks: `/webhooks/resend`, `/webhooks/mailgun-eu/example.com`."""
    return f"/webhooks/{url.replace('://', '/').replace('+', '-').rstrip('/')}"


def list_ses_regions(urls: tuple[str, ...]) -> tuple[str, ...]:
    """Return the regions of the SES providers."""
    return tuple(url.removeprefix("ses://") for url in urls if is_ses(url))
