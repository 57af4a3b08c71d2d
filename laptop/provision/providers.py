"""Creates what the providers other than SES need: secrets, settings, and the HTTP API for their webhooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from function.providers.urls import (
    build_webhook_path,
    names_the_recipient,
    needs_secret,
    read_scheme,
    reports_by_webhook,
)
from laptop.clients import LaptopClients
from laptop.environment import ACCOUNT, REGION
from laptop.provision.messaging import Provisioned
from laptop.resources import PREFIX, PROVIDER_KEY, SMTP_LOGIN, WEBHOOK_KEY
from operations.errors import UserError

__all__ = ["build_provider_settings", "choose_provider_urls", "make_gateway", "make_provider_secrets", "make_webhooks"]


def choose_provider_urls(urls: Sequence[str], copies: bool, say: Callable[[str], None]) -> list[str]:
    """Return the providers that can be used, given that some mails have `copies`. Raises `UserError` if there is none.

    As in a deployment, mails with copies need a provider whose reports name the recipient.
    """
    chosen = [url for url in urls if names_the_recipient(url) or not copies]
    if not chosen:
        raise UserError(
            "some mails have copies, and Resend does not say whose bounced: take --providers ses://us-east-1"
        )
    if len(chosen) < len(urls):
        say("Resend sends nothing here: some mails have copies, and it does not say whose bounced.")
    return chosen


def build_provider_settings(urls: Sequence[str], made: Provisioned) -> dict[str, str]:
    """Return the settings of `notify` and `webhook` for these providers, in this order."""
    keys = {url: {"key": _build_arn(_choose_login(url))} for url in urls if needs_secret(url)}
    hooks = {url: _build_arn(_choose_key(url)) for url in urls if reports_by_webhook(url)}
    return {
        "HERALD_PROVIDERS": ",".join(urls),
        **({"HERALD_PROVIDER_SECRETS": json.dumps(keys)} if keys else {}),
        **(
            {"HERALD_WEBHOOK_SECRETS": json.dumps(hooks), "HERALD_FEEDBACK_QUEUE_URL": made.queues["feedback"]}
            if hooks
            else {}
        ),
    }


def make_provider_secrets(clients: LaptopClients, urls: Sequence[str]) -> None:
    """Store the login of a mail server, and the webhook signing keys of providers.

    The providers share one API key, which already exists.
    """
    store = clients.make_client("ssm")
    if any(read_scheme(url) == "smtp" for url in urls):
        store.put_parameter(Name=SMTP_LOGIN[0], Value=SMTP_LOGIN[1], Type="SecureString")
    if not any(map(reports_by_webhook, urls)):
        return
    from laptop.providers.webhook_sender import SEED  # noqa: PLC0415  cryptography is slow to load, and only they need it
    from laptop.providers.webhooks import derive_signing_key  # noqa: PLC0415  the same

    for url in filter(reports_by_webhook, urls):
        value = derive_signing_key(read_scheme(url), SEED)
        store.put_parameter(Name=_choose_key(url), Value=value, Type="SecureString")


def make_gateway(clients: LaptopClients) -> str:
    """Create the HTTP API as infra/modules/notifier does, and return its id."""
    gateway = clients.make_client("apigatewayv2")
    api: str = gateway.create_api(Name=f"{PREFIX}-gateway", ProtocolType="HTTP")["ApiId"]
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return api


def make_webhooks(
    clients: LaptopClients, made: Provisioned, api: str, urls: Sequence[str], aws: str, inbox: str
) -> None:
    """Create the routes for the providers' webhooks, and register their URLs with the providers."""
    gateway = clients.make_client("apigatewayv2")
    integration: dict[str, Any] = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=made.functions["webhook"],
        PayloadFormatVersion="2.0",
    )
    for url in filter(reports_by_webhook, urls):
        target = f"integrations/{integration['IntegrationId']}"
        gateway.create_route(ApiId=api, RouteKey=f"POST {build_webhook_path(url)}", Target=target)
        # Not every browser and resolver supports *.localhost, so the API is called by its path.
        address = f"{aws}/_aws/execute-api/{api}/$default{build_webhook_path(url)}"
        provider = read_scheme(url).partition("+")[0]
        _register(inbox, provider, address)


def _register(inbox: str, provider: str, address: str) -> None:
    """Register a webhook URL with a simulated provider. Raises `UserError` if it is not accepted."""
    with closing(HTTPConnection(urlsplit(inbox).netloc, timeout=300)) as connection:
        connection.request("PUT", f"/webhooks/{provider}", json.dumps({"url": address}))
        answer = connection.getresponse()
        if answer.status != 200:
            raise UserError(f"{provider}'s simulator answered {answer.status} to the address of its webhooks")


def _choose_login(url: str) -> str:
    return SMTP_LOGIN[0] if read_scheme(url) == "smtp" else PROVIDER_KEY[0]


def _choose_key(url: str) -> str:
    return f"{WEBHOOK_KEY}/{read_scheme(url).partition('+')[0]}"


def _build_arn(parameter: str) -> str:
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{parameter}"
