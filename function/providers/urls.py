"""The URLs that name providers in settings, on timelines and in the ledger: what each may be, and what it gives.

infra/modules/notifier/variables.tf refuses the same ones at plan; infra/tests/values.json holds the two together.
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
#: SMTP by a submission port, which begins in clear and changes to TLS: RFC 6409, and others where that is closed.
#: Lambda lets nothing out by port 25: https://aws.amazon.com/lambda/faqs/ ("TCP port 25 traffic is also blocked").
#: 465 and 2465 want TLS from the first byte: https://docs.aws.amazon.com/ses/latest/dg/smtp-connect.html
_SMTP = rf"smtp://({_DOMAIN}|127\.0\.0\.1):(?!(?:25|465|2465)$)(?P<port>[1-9][0-9]{{1,4}})"
#: There is no SES in China: https://docs.aws.amazon.com/general/latest/gr/ses.html, and botocore's endpoints.
_SES = r"ses://(?!cn-)[a-z]{2,4}(-[a-z]+)+-[0-9]"
_URL = re.compile(rf"{_SES}|{_SMTP}|sendgrid://|mailgun(\+eu)?://{_DOMAIN}|resend://")
_LONGEST = 300


def parse_provider_urls(text: str) -> tuple[str, ...]:
    """The providers of a comma-separated list, in order of preference. Raises ValueError for one that there is not, and
    for one named twice: a mail would fail over to where it failed."""
    urls = tuple(part.strip() for part in text.split(","))
    if len(set(urls)) < len(urls) or not all(map(_exists, urls)):
        raise ValueError(text)
    return urls


def _exists(url: str) -> bool:
    found = _URL.fullmatch(url)
    return bool(found) and len(url) <= _LONGEST and int((found and found["port"]) or 0) < 65_536


def list_later_providers(urls: tuple[str, ...], url: str) -> tuple[str, ...]:
    """Those that come after this one; none where it is not in the list any more."""
    return urls[urls.index(url) + 1 :] if url in urls else ()


def read_scheme(url: str) -> str:
    """`mailgun+eu` of `mailgun+eu://example.com`."""
    return url.partition("://")[0]


def is_ses(url: str) -> bool:
    """Whether the provider is SES, which takes the function's own rights for a secret."""
    return read_scheme(url) == "ses"


def needs_secret(url: str) -> bool:
    """Whether the provider wants a key or a password of its own."""
    return not is_ses(url)


def gives_feedback(url: str) -> bool:
    """Whether reports of the provider reach the ledger, so that a lost answer is ever cleared up."""
    return is_ses(url)


def reports_by_webhook(url: str) -> bool:
    """Whether the provider can report over HTTP: to `build_webhook_path`, where its signing key is configured."""
    return not is_ses(url) and read_scheme(url) != "smtp"


def names_the_recipient(url: str) -> bool:
    """Whether the provider says of a mail to several which of them a report concerns, if it reports at all.

    Resend names all of a mail's `to` in each event: https://github.com/resend/resend-python/issues/68
    """
    return read_scheme(url) != "resend"


def build_webhook_path(url: str) -> str:
    """Where the webhooks of a provider come in: `/webhooks/resend`, `/webhooks/mailgun-eu/example.com`."""
    return f"/webhooks/{url.replace('://', '/').replace('+', '-').rstrip('/')}"


def list_ses_regions(urls: tuple[str, ...]) -> tuple[str, ...]:
    """The regions of those that are SES."""
    return tuple(url.removeprefix("ses://") for url in urls if is_ses(url))
