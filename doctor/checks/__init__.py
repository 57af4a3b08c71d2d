"""Every check, in the order in which to fix things: the account, the domain, then what is installed."""

from __future__ import annotations

from doctor.check import Check
from doctor.checks import (
    caller,
    dns_records,
    events_api,
    function,
    identity,
    key,
    messaging,
    other_regions,
    providers,
    queues,
    release,
    ses_account,
    sign_in,
    tenants,
    web_address,
)

__all__ = ["CHECKS"]

CHECKS: tuple[Check, ...] = (
    *caller.CHECKS,
    *ses_account.CHECKS,
    *identity.CHECKS,
    *other_regions.CHECKS,
    *tenants.CHECKS,
    *dns_records.CHECKS,
    *function.CHECKS,
    *release.CHECKS,
    *messaging.CHECKS,
    *providers.CHECKS,
    *queues.CHECKS,
    *events_api.CHECKS,
    *sign_in.CHECKS,
    *web_address.CHECKS,
    *key.CHECKS,
)
