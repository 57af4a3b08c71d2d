"""Checks whether SES accepts the mail of each tenant, in every region that may send it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from doctor.check import Check, CheckStatus, Finding, find_worst, ok, run, wrong
from doctor.check_context import CheckContext, read_member
from doctor.checks import ses_sending
from doctor.checks.other_regions import SesThere
from doctor.errors import UnansweredError
from function.message.addressing.tenant import Tenant, read_tenants
from function.providers.urls import list_ses_regions

__all__ = ["CHECKS", "find_tenants"]


def find_tenants(context: CheckContext) -> Mapping[str, Tenant]:
    """The tenants that `notify` declares, by name. Raises `UnansweredError` if a recording left them out."""
    declared = context.settings.get("HERALD_TENANTS", "")
    try:
        return read_tenants(declared) if declared else {}
    except ValueError as error:
        raise UnansweredError("lambda", "HERALD_TENANTS") from error


def _check_tenants(context: CheckContext) -> Finding:
    """The findings of the deployment's own sender checks on each tenant's sender; equal ones are merged."""
    places = [one for tenant in find_tenants(context).values() for one in _list_places(context, tenant)]
    if not places:
        return ok("no tenant's mail goes by SES")
    findings: dict[str, list[str]] = {}
    bad = []
    for one in places:
        for result in run(_CHECKS, one):
            if result.status is not CheckStatus.OK:
                findings.setdefault(result.finding, []).append(_name(one))
                bad.append(result)
    if not bad:
        return ok(f"SES takes the mail of {_list_names(map(_name, places))}, signs it, and tells what becomes of it")
    status = find_worst(bad)
    text = "; ".join(f"{_list_names(names)}: {finding}" for finding, names in findings.items())
    return Finding(status, text, next(result.remedy for result in bad if result.status is status))


def _name(context: CheckContext) -> str:
    return context.tenant.name if context.tenant else ""


def _list_names(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _list_places(context: CheckContext, tenant: Tenant) -> Iterator[CheckContext]:
    """The same context with a tenant's sender, in each region whose SES may send its mail."""
    for region in list_ses_regions(tuple(filter(tenant.may_go_by, context.providers))):
        there = context if region == context.region else replace(context, cloud=SesThere(context.cloud, region))
        yield replace(there, region=region, tenant=tenant)


def _check_ses_tenant(context: CheckContext) -> Finding:
    """The SES tenant must exist, be allowed to send, and have the identity and the configuration set as resources.

    https://docs.aws.amazon.com/ses/latest/dg/tenants.html
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetTenant.html
    """
    name = context.tenant.ses_tenant if context.tenant else None
    if name is None:
        return ok("it goes through no tenant of SES's own")
    answer = context.find("sesv2", "GetTenant", TenantName=name)
    if answer is None:
        make = f"aws sesv2 create-tenant --region {context.region} --tenant-name {name}"
        return wrong(f"SES knows no tenant {name} in {context.region}", make)
    if read_member(answer, "sesv2", "Tenant", "SendingStatus") == "DISABLED":
        return wrong(
            f"SES has paused sending for its tenant {name}", "look at its findings in SES's console, and resume it"
        )
    return _check_resources(context, name)


def _check_resources(context: CheckContext, name: str) -> Finding:
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_ListTenantResources.html"""
    found = ses_sending.find_identity(context)
    if isinstance(found, Finding):
        return found
    wanted = [f"identity/{found[0]}", f"configuration-set/{context.configuration_set}"]
    pages = context.pages("sesv2", "ListTenantResources", TenantName=name)
    arns = [str(one.get("ResourceArn")) for page in pages for one in page.get("TenantResources") or ()]
    lacking = [one for one in wanted if not any(arn.endswith(f":{one}") for arn in arns)]
    if lacking:
        arn = context.arn("ses", lacking[0])
        join = f"aws sesv2 create-tenant-resource-association --region {context.region} --tenant-name {name}"
        return wrong(f"SES's tenant {name} has no {' and no '.join(lacking)}", f"{join} --resource-arn {arn}")
    return ok(f"SES's tenant {name} may send, and has identity and configuration set")


_CHECKS = (*ses_sending.CHECKS, Check("ses-tenant", "SES tenant", _check_ses_tenant))
CHECKS = (Check("ses-tenants", "Senders of tenants", _check_tenants),)
