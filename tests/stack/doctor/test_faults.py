"""Nothing is wrong with a whole laptop cloud, and each thing that is broken is named."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from doctor.check import CheckResult, CheckStatus, run
from doctor.checks import CHECKS
from doctor.cloud import Boto3Cloud, Memo
from doctor.system import System
from laptop.cloud import LaptopCloud
from laptop.environment import REGION
from tests.stack.doctor.faults import FAULTS, NOTIFY, Fault, permit
from tests.waiting import eventually

pytestmark = pytest.mark.xdist_group("doctor")

#: What the laptop cloud cannot tell, or has not got: Amazon's prices, the world's DNS, a key.
_UNANSWERED = {"ses-plan", "ses-delivery-mode", "dns-dkim", "dns-spf", "dns-mx", "dns-dmarc", "key"}


def examine(laptop: LaptopCloud) -> dict[str, CheckResult]:
    """What the doctor finds now, by the check's id."""
    system = System(
        Memo(Boto3Cloud(laptop.clients.any)),
        prefix="herald",
        region=REGION,
        where="the laptop cloud",
        regions=(("the laptop cloud", REGION),),
        now=datetime.now(UTC),
        send_rate=14.0,
        reservation=4,
        local=True,
    )
    return {result.id: result for result in run(CHECKS, system)}


def test_nothing_is_wrong_with_a_whole_laptop_cloud_and_what_it_cannot_tell_is_never_ok(laptop: LaptopCloud) -> None:
    found = examine(laptop)
    assert {id_ for id_, result in found.items() if result.status is CheckStatus.WRONG} == set()
    unanswered = {id_ for id_, result in found.items() if "not answered here" in result.finding}
    assert unanswered == _UNANSWERED
    assert {found[id_].status for id_ in unanswered} == {CheckStatus.WARNING}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.check}: {fault.says}")
def test_each_thing_that_is_broken_is_named(laptop: LaptopCloud, fault: Fault) -> None:
    fault.breaks(laptop.clients)
    try:
        found = eventually(lambda: examine(laptop)[fault.check], lambda result: fault.says in result.finding)
    finally:
        fault.mends(laptop.clients)
    assert found.status is fault.status
    assert found.remedy
    eventually(lambda: examine(laptop)[fault.check].finding, lambda finding: fault.says not in finding)


def test_a_quota_below_the_sending_rate_is_named(laptop: LaptopCloud) -> None:
    with httpx.Client(base_url=laptop.description.endpoints["inbox"], trust_env=False) as inbox:
        inbox.put("/limits", json={"per_second": 1, "per_day": 50_000}).raise_for_status()
        try:
            assert "SES takes 1 mails a second, send_rate is 14" in examine(laptop)["ses-quota"].finding
        finally:
            inbox.put("/limits", json={"per_second": 14, "per_day": 50_000}).raise_for_status()


def test_an_alias_that_is_gone_is_named(laptop: LaptopCloud) -> None:
    """Last of the faults: with the alias goes what hangs on it."""
    alias = laptop.clients.functions.get_alias(**NOTIFY, Name="live")
    laptop.clients.functions.delete_alias(**NOTIFY, Name="live")
    try:
        assert examine(laptop)["lambda-alias"].finding == "herald-notify has no alias live: nothing is sent"
    finally:
        laptop.clients.functions.create_alias(**NOTIFY, Name="live", FunctionVersion=alias["FunctionVersion"])
        if examine(laptop)["lambda-permission"].status is CheckStatus.WRONG:
            permit(laptop.clients)
