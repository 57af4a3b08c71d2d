"""Runs the checks of SES in each other region from which mails may be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from doctor.aws_api import Answer, AwsApi
from doctor.check import Check, CheckStatus, Finding, Scope, find_worst, ok, run
from doctor.check_context import CheckContext
from doctor.checks import account, ses_sending
from function.providers.urls import list_ses_regions

__all__ = ["CHECKS", "SesThere"]

_THERE = frozenset(
    {
        "ses-sandbox",
        "ses-sending",
        "ses-quota",
        "ses-identity",
        "ses-dkim",
        "ses-configuration-set",
        "ses-event-destination",
    }
)
_CHECKS = [check for check in (*account.CHECKS, *ses_sending.CHECKS) if check.id in _THERE]


@dataclass(frozen=True, slots=True)
class SesThere:
    """The same cloud, but SES is called in another region."""

    cloud: AwsApi
    region: str

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        return self.cloud.ask(f"{service}@{self.region}" if service == "sesv2" else service, operation, **parameters)


def _check_other_regions(context: CheckContext) -> Finding:
    """Each region's quota is compared with `send_rate`, too: after a failover, all mails are sent there."""
    regions = [region for region in list_ses_regions(context.providers) if region != context.region]
    if not regions:
        return ok("no mail goes by SES in another region")
    found = [
        (region, result)
        for region in regions
        for result in run(_CHECKS, replace(context, cloud=SesThere(context.cloud, region), region=region))
    ]
    bad = [(region, result) for region, result in found if result.status is not CheckStatus.OK]
    if not bad:
        return ok(f"SES in {' and '.join(regions)} mails anybody, signs, and tells its topic what becomes of mails")
    status = find_worst(result for _, result in bad)
    region, first = next((region, result) for region, result in bad if result.status is status)
    findings = "; ".join(f"{there}: {result.finding}" for there, result in bad)
    return Finding(status, findings, f"in {region}: {first.remedy}")


CHECKS = (Check("ses-other-regions", "SES in other regions", _check_other_regions, Scope.INSTALLATION),)
