"""Checks of the web app: the mails that Cognito sends at sign-up, and the custom host name, if it has one.

For the host name: its certificate, its domain name in API Gateway, and its DNS records.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from dns.exception import DNSException
from dns.resolver import Resolver

from doctor.check import Check, Finding, ok, warning, wrong
from doctor.check_context import CheckContext, read_member
from doctor.checks.dns_records import look
from doctor.errors import UnansweredError

__all__ = ["CHECKS"]


def _sign_in_mail(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-email.html

    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_EmailConfigurationType.html
    """
    pages = context.pages("cognito-idp", "ListUserPools", MaxResults=60)
    pools = [pool for page in pages for pool in page.get("UserPools") or [] if pool.get("Name") == context.prefix]
    if not pools:
        return warning(
            f"no user pool is called {context.prefix}: nobody signs in to a web app here",
            f"if one should be here: {context.apply}",
        )
    answer = context.ask("cognito-idp", "DescribeUserPool", UserPoolId=pools[0]["Id"])
    mail = read_member(answer, "cognito-idp", "UserPool", "EmailConfiguration")
    if read_member(mail, "cognito-idp", "EmailSendingAccount") == "DEVELOPER":
        return ok(f"Cognito mails by SES, from {mail.get('From') or mail.get('SourceArn') or 'an identity not told'}")
    return warning(
        "Cognito mails by itself (COGNITO_DEFAULT): some 50 mails a day, then nobody can sign up",
        "set sign_in.ses_mail in terraform.tfvars once SES is in production, then make apply",
    )


def _check_address(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html"""
    function = f"{context.prefix}-web"
    answer = context.find("lambda", "GetFunctionConfiguration", FunctionName=function)
    if answer is None:
        return ok(f"no function is called {function}: there is no web app here")
    url = read_member(answer, "lambda", "Environment", "Variables", "HERALD_PUBLIC_URL")
    host = urlsplit(url).hostname or ""
    if urlsplit(url).scheme == "http":
        return ok(f"{url}, on this machine")
    if ".execute-api." in host:
        return _find_coming_host(context, host.partition(".")[0]) or ok(f"{host}, the API's own address")
    return _check_own_host(context, host)


def _find_coming_host(context: CheckContext, api: str) -> Finding | None:
    """The state of the certificate requested for a host name that is not in use yet; None if none was requested."""
    arn = (context.ask("apigatewayv2", "GetApi", ApiId=api).get("Tags") or {}).get("Certificate")
    if not arn:
        return None
    certificate = _read_certificate(context, arn)
    host, status = certificate.get("DomainName", "a host"), str(read_member(certificate, "acm", "Status"))
    if status != "ISSUED":
        return _explain_unissued(host, status, certificate)
    return warning(
        f"the certificate of {host} is issued, and nothing uses it",
        "set custom_domain.certificate_issued in terraform.tfvars, then make apply",
    )


def _read_certificate(context: CheckContext, arn: str) -> Any:
    return read_member(context.ask("acm", "DescribeCertificate", CertificateArn=arn), "acm", "Certificate")


def _explain_unissued(host: str, status: str, certificate: Any) -> Finding:
    """https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html"""
    records = [option.get("ResourceRecord") or {} for option in certificate.get("DomainValidationOptions") or []]
    wanted = [f"{one['Name'].rstrip('.')} {one['Type']} {one['Value'].rstrip('.')}" for one in records if one]
    return wrong(
        f"the certificate of {host} is {status}",
        f"create {', '.join(wanted)}" if wanted else "run it again in a minute: ACM has not told the record yet",
    )


def _check_own_host(context: CheckContext, host: str) -> Finding:
    answer = context.find("apigatewayv2", "GetDomainName", DomainName=host)
    if answer is None:
        return warning(
            f"links lead to {host}, which is no custom domain of API Gateway in {context.region}",
            "nothing, if a CDN stands there; else set custom_domain in terraform.tfvars, then make apply",
        )
    served = read_member(answer, "apigatewayv2", "DomainNameConfigurations")[0]
    if arn := served.get("CertificateArn"):
        certificate = _read_certificate(context, arn)
        if (status := str(read_member(certificate, "acm", "Status"))) != "ISSUED":
            return _explain_unissued(host, status, certificate)
    if (state := served.get("DomainNameStatus", "AVAILABLE")) != "AVAILABLE":
        return warning(f"API Gateway says that {host} is {state}", "wait some minutes, then run it again")
    if context.resolver is None:
        raise UnansweredError("dns", f"where {host} leads")
    return _judge_dns(context.resolver, host, read_member(served, "apigatewayv2", "ApiGatewayDomainName"))


def _judge_dns(resolver: Resolver, host: str, target: str) -> Finding:
    """The host must be a CNAME of the target or a Route 53 alias of it, which only its addresses show."""
    remedy = f"create {host} CNAME {target}, or an alias of it"
    try:
        if look(resolver, host, "CNAME") == [target.lower()]:
            return ok(f"{host} leads to the API, and its certificate is issued")
        addresses, wanted = look(resolver, host, "A"), look(resolver, target, "A")
    except DNSException as problem:
        return warning(f"DNS did not answer: {problem}", "look at the network's resolver, then run it again")
    if not addresses:
        return wrong(f"{host} leads nowhere: links in mails cannot be opened", remedy)
    if not set(addresses) & set(wanted):
        return warning(f"{host} leads to {', '.join(addresses)}, which is not the API", f"unless a CDN is: {remedy}")
    return ok(f"{host} leads to the API, and its certificate is issued")


CHECKS = (
    Check("cognito-mail", "Cognito mail", _sign_in_mail),
    Check("web-address", "Web app's address", _check_address),
)
