"""Queries the HTTP APIs of providers other than SES: is the key known, is the domain verified, where do reports go.

No mail is sent, so what only a mail would show is not checked.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from function.providers.urls import read_scheme

__all__ = ["PROBES", "Http", "HttpAnswer", "ProbeFailed", "ProviderAccount", "ProviderProbe"]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The status, 0 if no answer came, and the body as text."""

    status: int
    text: str = ""

    @property
    def content(self) -> Any:
        """The body as JSON, an empty object if it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return {}


class Http(Protocol):
    """Makes one request to a provider or to the URL of a webhook; never raises."""

    def __call__(self, method: str, url: str, headers: Mapping[str, str], /) -> HttpAnswer:
        """The answer."""


class ProbeFailed(Exception):
    """A provider did not answer a query. `known`: it accepts the key, which only lacks permission to read."""

    def __init__(self, answer: HttpAnswer, known: bool) -> None:
        super().__init__(f"answered {answer.status}" if answer.status else "did not answer")
        self.status = answer.status
        self.known = known


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """The account that a key belongs to, and the HTTP client to query it with, at `base`."""

    url: str
    base: str
    key: str
    http: Http

    def ask(self, path: str) -> Any:
        """GET a path and return the answer's JSON. Raises `ProbeFailed` if the status is not 200."""
        mailgun = read_scheme(self.url).startswith("mailgun")
        word = f"Basic {b64encode(f'api:{self.key}'.encode()).decode()}" if mailgun else f"Bearer {self.key}"
        headers = {"Authorization": word, "Accept": "application/json", "User-Agent": "herald-doctor"}
        answer = self.http("GET", f"{self.base}{path}", headers)
        if answer.status != 200:
            raise ProbeFailed(answer, _is_only_restricted(answer))
        return answer.content


def _is_only_restricted(answer: HttpAnswer) -> bool:
    """Whether the key is valid but lacks permission to read: SendGrid and Mailgun answer 403, Resend names the error.

    https://resend.com/docs/api-reference/errors
    """
    content = answer.content
    named = content.get("name") if isinstance(content, dict) else None
    return answer.status == 403 if named is None else bool(named == "restricted_api_key")


@dataclass(frozen=True, slots=True)
class ProviderProbe:
    """The queries of one provider. `check_key` asks whether it knows the key; `list_domains` returns each sending
    domain and whether it is verified; `list_webhooks` returns each URL that reports go to and what it lacks. All raise
    `ProbeFailed`."""

    check_key: Callable[[ProviderAccount], object]
    list_domains: Callable[[ProviderAccount], Mapping[str, bool]]
    list_webhooks: Callable[[ProviderAccount], Mapping[str, tuple[str, ...]]]


def _read_objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _list_missing(wanted: tuple[str, ...], has: Callable[[str], object]) -> tuple[str, ...]:
    return tuple(name for name in wanted if not has(name))


#: https://www.twilio.com/docs/sendgrid/api-reference/webhooks/get-all-event-webhooks
_SENDGRID_EVENTS = ("processed", "delivered", "deferred", "bounce", "dropped", "spam_report")


def _read_sendgrid_webhooks(account: ProviderAccount) -> Mapping[str, tuple[str, ...]]:
    content = account.ask("/v3/user/webhooks/event/settings/all")
    return {
        str(one.get("url")): (
            *_list_missing(("enabled",), one.get),
            *_list_missing(_SENDGRID_EVENTS, one.get),
            *([] if one.get("public_key") else ["signed"]),
        )
        for one in _read_objects(content.get("webhooks"))
    }


def _read_sendgrid_domains(account: ProviderAccount) -> Mapping[str, bool]:
    """https://www.twilio.com/docs/sendgrid/api-reference/domain-authentication/list-all-authenticated-domains"""
    listed = account.ask("/v3/whitelabel/domains?limit=50")
    return {str(one.get("domain")).lower(): bool(one.get("valid")) for one in _read_objects(listed)}


#: https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/domain-webhooks
_MAILGUN_EVENTS = ("accepted", "delivered", "temporary_fail", "permanent_fail", "complained")


def _choose_mailgun_domain(account: ProviderAccount) -> str:
    return account.url.partition("://")[2]


def _read_mailgun_domains(account: ProviderAccount) -> Mapping[str, bool]:
    """https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/domains/get-v4-domains--name-"""
    domain = account.ask(f"/v4/domains/{_choose_mailgun_domain(account)}").get("domain") or {}
    return {str(domain.get("name")).lower(): domain.get("state") == "active"}


def _read_mailgun_webhooks(account: ProviderAccount) -> Mapping[str, tuple[str, ...]]:
    hooks = account.ask(f"/v3/domains/{_choose_mailgun_domain(account)}/webhooks").get("webhooks") or {}
    urls = {kind: (hooks.get(kind) or {}).get("urls") or [] for kind in _MAILGUN_EVENTS}
    found = {url for listed in urls.values() for url in listed}
    return {url: tuple(kind for kind in _MAILGUN_EVENTS if url not in urls[kind]) for url in found}


#: https://resend.com/docs/webhooks/event-types
_RESEND_EVENTS = (
    "email.sent",
    "email.delivered",
    "email.delivery_delayed",
    "email.bounced",
    "email.complained",
    "email.failed",
    "email.suppressed",
)


def _read_resend_domains(account: ProviderAccount) -> Mapping[str, bool]:
    """https://resend.com/docs/api-reference/domains/list-domains"""
    listed = account.ask("/domains").get("data")
    return {str(one.get("name")).lower(): one.get("status") == "verified" for one in _read_objects(listed)}


def _read_resend_webhooks(account: ProviderAccount) -> Mapping[str, tuple[str, ...]]:
    """https://resend.com/docs/api-reference/webhooks/list-webhooks"""
    return {
        str(one.get("endpoint")): (
            *([] if one.get("status") == "enabled" else ["enabled"]),
            *_list_missing(_RESEND_EVENTS, (one.get("events") or []).__contains__),
        )
        for one in _read_objects(account.ask("/webhooks").get("data"))
    }


_MAILGUN = ProviderProbe(_read_mailgun_domains, _read_mailgun_domains, _read_mailgun_webhooks)
#: By the scheme of the provider's URL. Any SendGrid key may read its scopes:
#: https://www.twilio.com/docs/sendgrid/api-reference/api-key-permissions/retrieve-a-list-of-scopes-for-which-this-user-has-access
PROBES: Mapping[str, ProviderProbe] = {
    "sendgrid": ProviderProbe(
        lambda account: account.ask("/v3/scopes"), _read_sendgrid_domains, _read_sendgrid_webhooks
    ),
    "mailgun": _MAILGUN,
    "mailgun+eu": _MAILGUN,
    "resend": ProviderProbe(_read_resend_domains, _read_resend_domains, _read_resend_webhooks),
}
