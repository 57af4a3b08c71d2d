"""Checks of the providers other than SES: their keys, their domains, and the webhooks by which they report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from email.utils import parseaddr

from doctor.check import Check, CheckStatus, Finding, ok, warning, wrong
from doctor.check_context import CheckContext, read_member
from doctor.checks.tenants import find_tenants
from doctor.errors import UnansweredError
from doctor.provider_probes import PROBES, ProbeFailed, ProviderAccount, ProviderProbe
from function.providers.mailgun.client import ENDPOINTS as MAILGUN
from function.providers.resend.client import ENDPOINT as RESEND
from function.providers.sendgrid.client import ENDPOINT as SENDGRID
from function.providers.urls import build_webhook_path, is_ses, read_scheme

__all__ = ["CHECKS", "find_reporting"]

_BASES = {"sendgrid": SENDGRID, "resend": RESEND, **MAILGUN}
_UNASKED = "a mail server is asked nothing: whether it takes the log-in is seen from the first mail"

#: The webhook function's answers to an unsigned request: 400 for a provider whose signature is in the body.
_REFUSED = (400, 401)

Judge = Callable[[CheckContext, ProviderProbe, ProviderAccount], Finding]


def _check_each(context: CheckContext, judge: Judge) -> Finding:
    """The worst status of all providers, with the findings of each."""
    settings = context.settings
    urls = [url for url in context.providers if not is_ses(url)]
    if not urls:
        return ok("mails go by SES alone")
    found = [_find(context, settings, url, judge) for url in urls]
    status = max((one.status for one in found), key=list(CheckStatus).index)
    text = "; ".join(one.finding for one in found)
    return Finding(status, text, next((one.remedy for one in found if one.status is status), ""))


def _find(context: CheckContext, settings: Mapping[str, str], url: str, judge: Judge) -> Finding:
    if read_scheme(url) not in PROBES:
        return ok(f"{url}: {_UNASKED}")
    if context.http is None:
        raise UnansweredError("http", f"what {url} says")
    base = json.loads(settings.get("HERALD_PROVIDER_ENDPOINTS", "{}")).get(read_scheme(url).partition("+")[0])
    arn = json.loads(settings.get("HERALD_PROVIDER_SECRETS", "{}")).get(url, {}).get("key", "")
    account = ProviderAccount(url, base or _BASES[read_scheme(url)], _read_secret(context, arn), context.http)
    try:
        found = judge(context, PROBES[read_scheme(url)], account)
    except ProbeFailed as refusal:
        found = _explain(url, refusal)
    return Finding(found.status, f"{url}: {found.finding}", found.remedy)


def _read_secret(context: CheckContext, arn: str) -> str:
    """Read the secret that an ARN names, as the function does; a recording never holds it."""
    if ":secretsmanager:" in arn:
        answer = context.ask("secretsmanager", "GetSecretValue", SecretId=arn)
        return str(read_member(answer, "secretsmanager", "SecretString")).strip()
    answer = context.ask("ssm", "GetParameter", Name=arn, WithDecryption=True)
    return str(read_member(answer, "ssm", "Parameter", "Value")).strip()


def _explain(url: str, refusal: ProbeFailed) -> Finding:
    if refusal.status == 401 and read_scheme(url).startswith("mailgun"):
        # https://help.mailgun.com/hc/en-us/articles/203380100-Where-can-I-find-my-API-keys-and-SMTP-credentials
        return warning(
            "it does not know the key, or that is a sending key, which may look at nothing",
            "send a mail by it, or look with a key of the account's",
        )
    if refusal.status == 404 and read_scheme(url).startswith("mailgun"):
        # https://documentation.mailgun.com/docs/mailgun/api-reference/mg-base-url
        return wrong(
            "it does not know that domain in this region",
            "add the domain there; if Mailgun has it in its other region, the EU's is mailgun+eu:// and the US's mailgun://",
        )
    if refusal.known:
        return warning("the key may send, and may not look", "look at the domain and the webhooks in its console")
    if refusal.status in (401, 403):
        return wrong("it does not know the key", "put a new key where provider_secrets names it")
    return warning(f"it {refusal}", "look at its status page, then run it again")


def _check_key(_context: CheckContext, probe: ProviderProbe, account: ProviderAccount) -> Finding:
    try:
        probe.check_key(account)
    except ProbeFailed as refusal:
        if not refusal.known:
            raise
    return ok("the key is accepted")


def _check_domain(context: CheckContext, probe: ProviderProbe, account: ProviderAccount) -> Finding:
    """Check the domains of the deployment's sender and of the tenants whose mail this provider may send."""
    tenants = [one.sender for one in find_tenants(context).values() if one.may_go_by(account.url)]
    senders = [context.sender or "", *(parseaddr(sender)[1].lower() for sender in tenants)]
    domains = list(dict.fromkeys(sender.rpartition("@")[2] for sender in senders))
    known = probe.list_domains(account)
    for domain in domains:
        parents = [name for name in known if domain == name or domain.endswith(f".{name}")]
        if not parents:
            return wrong(f"it does not know {domain}", "add the domain there, with its DNS records")
        if not any(known[name] for name in parents):
            return wrong(
                f"{parents[0]} is not verified", "create the DNS records that it asks for, then verify it there"
            )
    return ok(f"{' and '.join(domains)} {'is' if len(domains) == 1 else 'are'} verified")


def _check_webhook(context: CheckContext, probe: ProviderProbe, account: ProviderAccount) -> Finding:
    heard = find_reporting(context)
    if account.url not in heard:
        return warning(
            "its reports are not heard: its mails end as sent",
            "put the signing key where webhook of provider_secrets names it, then make apply",
        )
    api, path = heard[account.url]
    ours = {url: missing for url, missing in probe.list_webhooks(account).items() if api in url and url.endswith(path)}
    if not ours:
        return wrong("no webhook leads here", "register the address of the output webhooks there")
    url, missing = min(ours.items(), key=lambda one: len(one[1]))
    if missing:
        return wrong(f"its webhook lacks {', '.join(missing)}", "switch that on in the webhook's settings there")
    status = account.http("POST", url, {}).status
    if status not in _REFUSED:
        return wrong(
            f"{url} answers {status or 'nothing'} to what nobody signed, and should answer 400 or 401",
            f"aws logs tail /aws/lambda/{context.prefix}-webhook",
        )
    return ok("its webhook is registered, and answers")


def find_reporting(context: CheckContext) -> Mapping[str, tuple[str, str]]:
    """The id of the HTTP API and the path of each provider whose signing key is configured."""
    answer = context.find("lambda", "GetFunctionConfiguration", FunctionName=f"{context.prefix}-webhook")
    if answer is None:
        return {}
    secrets = json.loads(read_member(answer, "lambda", "Environment", "Variables").get("HERALD_WEBHOOK_SECRETS", "{}"))
    apis = [one for one in _list_apis(context) if one[0] == f"{context.prefix}-gateway"]
    return {url: (apis[0][1], build_webhook_path(url)) for url in secrets} if apis else {}


def _list_apis(context: CheckContext) -> Iterator[tuple[str, str]]:
    """https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html"""
    for page in context.pages("apigatewayv2", "GetApis"):
        for api in page.get("Items", []):
            yield str(api.get("Name")), str(api.get("ApiId"))


CHECKS = (
    Check("provider-keys", "Providers' keys", lambda context: _check_each(context, _check_key)),
    Check("provider-domains", "Providers' domains", lambda context: _check_each(context, _check_domain)),
    Check("provider-webhooks", "Providers' webhooks", lambda context: _check_each(context, _check_webhook)),
)
