"""Checks of the account: the caller, the region, and what SES allows there: recipients, number of mails, and plan.

All of SES's answers come from one call: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
"""

from __future__ import annotations

from typing import Any

from doctor.check import Check, Finding, Scope, ok, warning, wrong
from doctor.check_context import CheckContext, read_member

__all__ = ["CHECKS"]

_REASONS = frozenset({"BOUNCE", "COMPLAINT"})
#: The share of the daily quota from which on the check warns.
_NEARLY = 0.9


def _check_credentials(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    caller = context.ask("sts", "GetCallerIdentity")
    account, arn = read_member(caller, "sts", "Account"), read_member(caller, "sts", "Arn")
    return ok(f"account {account}, as {arn}, in {context.where}")


def _check_region(context: CheckContext) -> Finding:
    """boto3 and Terraform look for the region in different orders, so all settings must name the same one.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    """
    named = ", ".join(f"{region} by {source}" for source, region in context.regions)
    if {region for _, region in context.regions} == {context.region}:
        return ok(named)
    return wrong(
        f"the settings name different regions: {named}", f"let all of them name {context.region}, or one alone"
    )


def _check_sandbox(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html"""
    if _read_account_member(context, "ProductionAccessEnabled"):
        return ok("production: mail goes to anybody")
    review = (context.ask("sesv2", "GetAccount").get("Details") or {}).get("ReviewDetails") or {}
    request = f"; the request for production is {review['Status']}" if review.get("Status") else ""
    return wrong(
        f"the sandbox: mail goes to verified addresses and to the mailbox simulator only{request}",
        "ask for production access: aws sesv2 put-account-details --production-access-enabled ...",
    )


def _check_sending(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html"""
    if not _read_account_member(context, "SendingEnabled"):
        return wrong(
            "sending is off for the whole account", "aws sesv2 put-account-sending-attributes --sending-enabled"
        )
    standing = _read_account_member(context, "EnforcementStatus")
    if standing == "HEALTHY":
        return ok("sending is on, the account is HEALTHY")
    if standing == "PROBATION":
        return warning(
            "sending is on, but SES reviews the account (PROBATION)", "read SES's mail, fix the cause, answer"
        )
    return wrong(f"SES has put the account to {standing}", "read SES's mail, fix the cause, answer")


def _plan(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_PutAccountPricingAttributes.html

    https://aws.amazon.com/ses/pricing/
    """
    pricing = _read_account_member(context, "PricingAttributes")
    plan, coming = read_member(pricing, "sesv2", "CurrentPlan"), pricing.get("NextPlan")
    later = f", {coming} from next month" if coming and coming != plan else ""
    if (coming or plan) == "NONE":
        left = "no plan" if plan == "NONE" else f"{plan} ends with this month, then no plan"
        return ok(f"{left}: each mail at SES's own price ($0.10 a thousand)")
    return warning(
        f"the plan is {plan}{later}: a thousand mails cost more than without one ($0.16 on ESSENTIALS)",
        f"to leave it: herald leave-plan{' --local' if context.local else ''}",
    )


def _check_delivery_mode(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_PutAccountDeliveryAttributes.html

    botocore returns it since 1.44.
    """
    mode = read_member(context.ask("sesv2", "GetAccount"), "sesv2", "DeliveryAttributes", "SharedPoolDeliveryMode")
    if mode == "REGIONAL":
        return ok("REGIONAL: mail leaves from this region's addresses alone")
    return warning(
        f"{mode}: mail may leave from shared addresses in other regions",
        "where that matters: aws sesv2 put-account-delivery-attributes --shared-pool-delivery-mode REGIONAL",
    )


def _check_quota(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html"""
    quota = _read_account_member(context, "SendQuota")
    rate, most = float(read_member(quota, "sesv2", "MaxSendRate")), float(read_member(quota, "sesv2", "Max24HourSend"))
    sent = float(read_member(quota, "sesv2", "SentLast24Hours"))
    a_day = "any number a day" if most < 0 else f"{sent:,.0f} of {most:,.0f} a day used"
    if rate < context.send_rate:
        return wrong(
            f"SES takes {rate:g} mails a second, send_rate is {context.send_rate:g}; {a_day}",
            f"set send_rate = {rate:g} in terraform.tfvars, then make apply",
        )
    if 0 <= most * _NEARLY <= sent:
        return warning(a_day, "ask for a higher sending quota in Service Quotas: what is over it waits")
    return ok(f"SES takes {rate:g} mails a second, send_rate is {context.send_rate:g}; {a_day}")


def _check_suppression(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/dg/sending-email-suppression-list.html"""
    reasons = set(read_member(_read_account_member(context, "SuppressionAttributes"), "sesv2", "SuppressedReasons"))
    if reasons == _REASONS:
        return ok("the account's own list takes bounces and complaints; herald suppressions remove clears it too")
    lacking = " and ".join(sorted(_REASONS - reasons))
    return warning(
        f"the account's own list does not take {lacking}; Herald's configuration set has its own",
        "aws sesv2 put-account-suppression-attributes --suppressed-reasons BOUNCE COMPLAINT",
    )


def _read_account_member(context: CheckContext, name: str) -> Any:
    return read_member(context.ask("sesv2", "GetAccount"), "sesv2", name)


CHECKS = (
    Check("credentials", "Credentials", _check_credentials, Scope.ACCOUNT),
    Check("region", "Region", _check_region, Scope.ACCOUNT),
    Check("ses-sandbox", "SES sandbox", _check_sandbox, Scope.ACCOUNT),
    Check("ses-sending", "SES sending", _check_sending, Scope.ACCOUNT),
    Check("ses-plan", "SES plan", _plan, Scope.ACCOUNT),
    Check("ses-delivery-mode", "SES delivery mode", _check_delivery_mode, Scope.ACCOUNT),
    Check("ses-quota", "SES quota", _check_quota, Scope.ACCOUNT),
    Check("ses-suppression", "SES suppression list", _check_suppression, Scope.ACCOUNT),
)
