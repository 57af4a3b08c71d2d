"""Who asks, in which account, in which region."""

from __future__ import annotations

from doctor.check import Check, Finding, Scope, ok, wrong
from doctor.system import System, member

__all__ = ["CHECKS"]


def _credentials(system: System) -> Finding:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    caller = system.ask("sts", "GetCallerIdentity")
    account, arn = member(caller, "sts", "Account"), member(caller, "sts", "Arn")
    return ok(f"account {account}, as {arn}, in {system.where}")


def _region(system: System) -> Finding:
    """boto3 and Terraform do not look for the region in the same order, so all that name one must name the same.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    """
    named = ", ".join(f"{region} by {source}" for source, region in system.regions)
    if {region for _, region in system.regions} == {system.region}:
        return ok(named)
    return wrong(f"the settings name different regions: {named}", f"let all of them name {system.region}, or one alone")


CHECKS = (
    Check("credentials", "Credentials", _credentials, Scope.ACCOUNT),
    Check("region", "Region", _region, Scope.ACCOUNT),
)
