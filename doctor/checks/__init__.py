"""Every check, in the order in which to fix things: the account, the domain, then what is installed."""

from __future__ import annotations

from doctor.check import Check
from doctor.checks import (
    account,
    dns_records,
    events_api,
    function,
    key,
    messaging,
    other_regions,
    providers,
    queues,
    release,
    ses_sending,
    tenants,
    web_app,
)

__all__ = ["CHECKS"]

CHECKS: tuple[Check, ...] = (
    *account.CHECKS,
    *ses_sending.CHECKS,
    *other_regions.CHECKS,
    *tenants.CHECKS,
    *dns_records.CHECKS,
    *function.CHECKS,
    *release.CHECKS,
    *messaging.CHECKS,
    *providers.CHECKS,
    *queues.CHECKS,
    *events_api.CHECKS,
    *web_app.CHECKS,
    *key.CHECKS,
)
