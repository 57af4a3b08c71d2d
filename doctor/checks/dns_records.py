"""Checks of the sending domain's records, as DNS returns them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from doctor.check import Check, Finding, Scope, ok, warning, wrong
from doctor.check_context import CheckContext
from doctor.checks.ses_sending import find_identity
from doctor.errors import UnansweredError

__all__ = ["CHECKS", "look"]

_ZONE = "dkim.amazonses.com"

#: A check, with a resolver, of one SES identity: its name, and what SES returns about it.
_Judge = Callable[[CheckContext, Resolver, str, Any], Finding]


def _ask_dns(judge: _Judge) -> Callable[[CheckContext], Finding]:
    """Make a check that looks up the sender's domain in DNS; if DNS does not answer, it only warns."""

    def run(context: CheckContext) -> Finding:
        found = find_identity(context)
        if isinstance(found, Finding):
            return found
        if context.resolver is None:
            raise UnansweredError("dns", f"the records of {found[0]}")
        try:
            return judge(context, context.resolver, *found)
        except DNSException as problem:
            return warning(f"DNS did not answer: {problem}", "look at the network's resolver, then run it again")

    return run


def _check_dkim(_context: CheckContext, resolver: Resolver, name: str, identity: Any) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy-managing.html"""
    dkim = identity.get("DkimAttributes") or {}
    tokens, zone = dkim.get("Tokens") or [], dkim.get("SigningHostedZone") or _ZONE
    if not tokens:
        raise UnansweredError("sesv2", "the DKIM tokens")
    domain = name.rpartition("@")[2]
    wanted = {f"{token}._domainkey.{domain}": f"{token}.{zone}" for token in tokens}
    lacking = [record for record, value in wanted.items() if look(resolver, record, "CNAME") != [value]]
    if not lacking:
        return ok(f"all {len(wanted)} CNAMEs of {domain} lead to SES")
    first = lacking[0]
    return wrong(
        f"{len(lacking)} of {len(wanted)} CNAMEs of {domain} do not lead to SES",
        f"create {first} CNAME {wanted[first]}",
    )


def _check_spf(_context: CheckContext, resolver: Resolver, name: str, identity: Any) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/mail-from.html and RFC 7208: one SPF record for each name."""
    domain = _read_mail_from(identity)
    if domain is None:
        return warning(
            f"{name} has no MAIL FROM domain, so SPF is Amazon's own",
            "set identity.mail_from in terraform.tfvars, then make apply",
        )
    found = [text for text in look(resolver, domain, "TXT") if text.lower().split(" ")[0] == "v=spf1"]
    remedy = f'create {domain} TXT "v=spf1 include:amazonses.com -all"'
    if not found:
        return wrong(f"{domain} has no SPF record", remedy)
    if len(found) > 1:
        return wrong(f"{domain} has {len(found)} SPF records, which counts as an error", "leave one of them")
    if "include:amazonses.com" not in found[0].lower().split():
        return wrong(f"the SPF record of {domain} does not let SES send: {found[0]}", remedy)
    return ok(f"{domain}: {found[0]}")


def _check_mx(context: CheckContext, resolver: Resolver, name: str, identity: Any) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/mail-from.html: exactly one MX record, or the setup fails."""
    domain = _read_mail_from(identity)
    if domain is None:
        return warning(f"{name} has no MAIL FROM domain", "set identity.mail_from in terraform.tfvars, then make apply")
    wanted = f"feedback-smtp.{context.region}.amazonses.com"
    found = [text.split(" ")[-1] for text in look(resolver, domain, "MX")]
    if found == [wanted]:
        return ok(f"{domain} leads to {wanted}, alone")
    return wrong(f"{domain} has MX {', '.join(found) or 'none'}", f"let {domain} MX 10 {wanted} be its only one")


def _check_dmarc(_context: CheckContext, resolver: Resolver, name: str, _identity: Any) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dmarc.html

    By RFC 7489 the record of a parent domain counts, too.
    """
    labels = name.rpartition("@")[2].split(".")
    for start in range(len(labels) - 1):
        domain = ".".join(labels[start:])
        texts = look(resolver, f"_dmarc.{domain}", "TXT")
        found = [text for text in texts if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if len(found) > 1:
            return wrong(f"_dmarc.{domain} has {len(found)} records, so none counts", "leave one of them")
        if found:
            return ok(f"_dmarc.{domain}: {found[0]}")
    domain = ".".join(labels)
    return wrong(
        f"{domain} has no DMARC record: large mailboxes refuse its mail",
        f'create _dmarc.{domain} TXT "v=DMARC1; p=none"',
    )


def _read_mail_from(identity: Any) -> str | None:
    return (identity.get("MailFromAttributes") or {}).get("MailFromDomain") or None


def look(resolver: Resolver, name: str, kind: str) -> list[str]:
    """The values of a record, as text without the trailing dot; empty if there is no such record."""
    try:
        answer = resolver.resolve(name, kind, search=False)
    except (NXDOMAIN, NoAnswer):
        return []
    if kind == "TXT":
        return ["".join(part.decode("ascii", "replace") for part in value.strings) for value in answer]
    return [value.to_text().rstrip(".").lower() for value in answer]


CHECKS = (
    Check("dns-dkim", "DNS DKIM", _ask_dns(_check_dkim), Scope.ACCOUNT),
    Check("dns-spf", "DNS SPF of MAIL FROM", _ask_dns(_check_spf), Scope.ACCOUNT),
    Check("dns-mx", "DNS MX of MAIL FROM", _ask_dns(_check_mx), Scope.ACCOUNT),
    Check("dns-dmarc", "DNS DMARC", _ask_dns(_check_dmarc), Scope.ACCOUNT),
)
