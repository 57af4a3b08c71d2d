"""Checks of the sender's SES identity and of the configuration set that mail is sent with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from doctor.check import Check, Finding, Scope, ok, warning, wrong
from doctor.check_context import CheckContext, read_member
from doctor.errors import UnansweredError

__all__ = ["CHECKS", "find_identity"]

#: The event types that change the ledger; the others do not.
_EVENTS = frozenset({"SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "RENDERING_FAILURE", "DELIVERY_DELAY"})
_RECORDS = "create the records of: terraform -chdir=infra output dns_records"


def find_identity(context: CheckContext) -> tuple[str, Any] | Finding:
    """The name of the SES identity that covers the sender and SES's answer about it, or a finding if there is none.

    It is the address itself, its domain, or a parent domain: https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html
    """
    sender = context.sender
    if sender is None:
        return warning("no sending domain is known yet", "name it: --domain example.com")
    for name in _list_candidates(sender):
        if (found := context.find("sesv2", "GetEmailIdentity", EmailIdentity=name)) is not None:
            return name, found
    none = f"SES knows no identity for {sender} in {context.region}"
    if context.tenant:
        domain = sender.rpartition("@")[2]
        return wrong(none, f"aws sesv2 create-email-identity --region {context.region} --email-identity {domain}")
    return wrong(none, context.apply) if context.installed else warning(none, f"it is made by: {context.apply}")


def _list_candidates(sender: str) -> Iterator[str]:
    address, _, domain = sender.rpartition("@")
    if address:
        yield sender
    labels = domain.split(".")
    yield from (".".join(labels[start:]) for start in range(max(len(labels) - 1, 1)))


def _describe_records(context: CheckContext, name: str) -> str:
    """How to get the DNS records to create; those of a tenant's domain come from SES itself."""
    if context.tenant:
        command = f"aws sesv2 get-email-identity --region {context.region} --email-identity {name}"
        return f"create the records that are told by: {command}"
    return _RECORDS


def _check_verification(context: CheckContext) -> Finding:
    found = find_identity(context)
    if isinstance(found, Finding):
        return found
    name, identity = found
    if read_member(identity, "sesv2", "VerifiedForSendingStatus"):
        return ok(f"{name} is verified")
    why = (identity.get("VerificationInfo") or {}).get("ErrorType")
    status = identity.get("VerificationStatus", "not verified")
    return wrong(
        f"{name} is {status}{f' ({why})' if why else ''}: SES refuses every mail", _describe_records(context, name)
    )


def _check_dkim(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-easy.html"""
    found = find_identity(context)
    if isinstance(found, Finding):
        return found
    name, dkim = found[0], read_member(found[1], "sesv2", "DkimAttributes")
    status = read_member(dkim, "sesv2", "Status")
    if not dkim.get("SigningEnabled"):
        turn_on = f"aws sesv2 put-email-identity-dkim-attributes --email-identity {name} --signing-enabled"
        return wrong(f"mail of {name} is not signed", turn_on)
    if status == "SUCCESS":
        return ok(f"mail of {name} is signed, the key is {dkim.get('CurrentSigningKeyLength', 'of a length not told')}")
    if status in ("PENDING", "TEMPORARY_FAILURE"):
        return warning(
            f"SES has not found the keys of {name} in DNS ({status}); it looks for 72 hours",
            _describe_records(context, name),
        )
    return wrong(f"SES gave up looking for the keys of {name} in DNS ({status})", _describe_records(context, name))


def _check_mail_from(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/mail-from.html"""
    found = find_identity(context)
    if isinstance(found, Finding):
        return found
    attributes = found[1].get("MailFromAttributes") or {}
    domain = attributes.get("MailFromDomain")
    if not domain:
        put = "aws sesv2 put-email-identity-mail-from-attributes --mail-from-domain SUBDOMAIN"
        apply = "set identity.mail_from in terraform.tfvars, then make apply"
        return warning(
            f"{found[0]} has no MAIL FROM domain of its own: SPF does not align",
            f"{put} --region {context.region} --email-identity {found[0]}" if context.tenant else apply,
        )
    status = read_member(attributes, "sesv2", "MailFromDomainStatus")
    if status == "SUCCESS":
        return ok(f"{domain} is verified")
    if attributes.get("BehaviorOnMxFailure") == "REJECT_MESSAGE":
        return wrong(f"{domain} is {status}, and without it SES refuses the mail", _describe_records(context, found[0]))
    return warning(f"{domain} is {status}: until then SPF does not align", _describe_records(context, found[0]))


def _check_configuration_set(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetConfigurationSet.html"""
    name = context.configuration_set
    answer = context.ask("sesv2", "GetConfigurationSet", ConfigurationSetName=name)
    if not read_member(answer, "sesv2", "SendingOptions", "SendingEnabled"):
        turn_on = f"aws sesv2 put-configuration-set-sending-options --configuration-set-name {name} --sending-enabled"
        return wrong(f"sending through {name} is off", turn_on)
    reasons = (answer.get("SuppressionOptions") or {}).get("SuppressedReasons")
    suppressed = f"it suppresses {' and '.join(sorted(reasons))}" if reasons else "it leaves suppression to the account"
    return ok(f"sending through {name} is on; {suppressed}")


def _check_event_destination(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetConfigurationSetEventDestinations.html"""
    name, topic = context.configuration_set, context.topic("feedback")
    answer = context.ask("sesv2", "GetConfigurationSetEventDestinations", ConfigurationSetName=name)
    destinations = answer.get("EventDestinations") or []
    ours = [one for one in destinations if (one.get("SnsDestination") or {}).get("TopicArn") == topic]
    if not ours:
        return wrong(f"{name} tells {topic} nothing: no mail is ever known to be delivered", context.apply)
    if "Enabled" not in ours[0]:
        raise UnansweredError("sesv2", "whether the event destination is enabled")
    if not ours[0]["Enabled"]:
        return wrong(f"the event destination {ours[0]['Name']} of {name} is off", context.apply)
    lacking = sorted(_EVENTS - set(ours[0].get("MatchingEventTypes") or ()))
    if lacking:
        return wrong(f"{name} does not tell {', '.join(lacking)}", context.apply)
    return ok(f"{name} tells {topic} all {len(_EVENTS)} kinds of event")


CHECKS = (
    Check("ses-identity", "SES identity", _check_verification, Scope.ACCOUNT),
    Check("ses-dkim", "SES DKIM", _check_dkim, Scope.ACCOUNT),
    Check("ses-mail-from", "SES MAIL FROM", _check_mail_from, Scope.ACCOUNT),
    Check("ses-configuration-set", "SES configuration set", _check_configuration_set),
    Check("ses-event-destination", "SES event destination", _check_event_destination),
)
