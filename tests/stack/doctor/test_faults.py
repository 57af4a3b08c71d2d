"""Nothing is wrong with a whole laptop cloud, and each thing that is broken is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from dns.resolver import Resolver

from doctor.aws_api import Boto3AwsApi, Memo
from doctor.check import CheckResult, CheckStatus, run
from doctor.check_context import CheckContext
from doctor.checks import CHECKS
from herald.commands.account.leave_plan import leave
from laptop.cloud import LaptopCloud
from laptop.environment import REGION
from tests.integration.doctor.dns_server import serve_dns
from tests.stack.doctor.faults import FAULTS, NOTIFY, Fault, permit
from tests.waiting import eventually

pytestmark = pytest.mark.xdist_group("doctor")

#: What the laptop cloud cannot tell, or has not got: a member that its botocore does not know, the world's DNS, a key.
_UNANSWERED = {"ses-delivery-mode", "dns-dkim", "dns-spf", "dns-mx", "dns-dmarc", "key"}


def examine(
    laptop: LaptopCloud, resolver: Resolver | None = None, client: Callable[[str], Any] | None = None
) -> dict[str, CheckResult]:
    """What the doctor finds now, by the check's id; `client` makes clients of a service."""
    context = CheckContext(
        Memo(Boto3AwsApi(client or laptop.clients.make_client)),
        prefix="herald",
        region=REGION,
        where="the laptop cloud",
        regions=(("the laptop cloud", REGION),),
        now=datetime.now(UTC),
        send_rate=14.0,
        reservation=4,
        local=True,
        resolver=resolver,
    )
    return {result.id: result for result in run(CHECKS, context)}


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
        fault.repair(laptop.clients)
    assert found.status is fault.status
    assert found.remedy
    eventually(lambda: examine(laptop)[fault.check].finding, lambda finding: fault.says not in finding)


@pytest.mark.parametrize(
    ("check", "limits", "finding"),
    [
        ("ses-quota", {"per_second": 1}, "SES takes 1 mails a second, send_rate is 14"),
        ("ses-quota", {"per_day": 0}, "0 of 0 a day used"),
        ("ses-sandbox", {"production": False}, "the sandbox: mail goes to verified addresses"),
    ],
)
def test_what_ses_does_not_grant_is_named(
    laptop: LaptopCloud, check: str, limits: dict[str, Any], finding: str
) -> None:
    with httpx.Client(base_url=laptop.descriptor.endpoints["inbox"], trust_env=False) as inbox:
        before = inbox.get("/limits").json()
        inbox.put("/limits", json=limits).raise_for_status()
        try:
            found = examine(laptop)[check]
        finally:
            inbox.put("/limits", json=before).raise_for_status()
    assert finding in found.finding
    assert found.status is not CheckStatus.OK
    assert finding not in examine(laptop)[check].finding


def test_a_plan_that_was_left_is_wrong_no_more(laptop: LaptopCloud) -> None:
    assert examine(laptop)["ses-plan"].remedy == "to leave it: herald leave-plan --local"
    assert leave(laptop.clients.ses, lambda _: True) == "Asked SES to end ESSENTIALS; herald doctor tells from when on."
    assert examine(laptop)["ses-plan"].status is CheckStatus.OK
    laptop.clients.ses.put_account_pricing_attributes(Plan="ESSENTIALS")


def _zone(laptop: LaptopCloud) -> dict[tuple[str, str], list[str]]:
    """What the SES simulator asks to be in DNS."""
    bounce = "bounce.herald.example"
    laptop.clients.ses.put_email_identity_mail_from_attributes(EmailIdentity="herald.example", MailFromDomain=bounce)
    tokens = laptop.clients.ses.get_email_identity(EmailIdentity="herald.example")["DkimAttributes"]["Tokens"]
    return {(f"{token}._domainkey.herald.example", "CNAME"): [f"{token}.dkim.amazonses.com."] for token in tokens} | {
        (bounce, "TXT"): ['"v=spf1 include:amazonses.com -all"'],
        (bounce, "MX"): [f"10 feedback-smtp.{REGION}.amazonses.com."],
        ("_dmarc.herald.example", "TXT"): ['"v=DMARC1; p=none"'],
    }


@pytest.mark.parametrize(
    ("check", "kind", "record"),
    [
        ("dns-dkim", "CNAME", "_domainkey"),
        ("dns-spf", "TXT", "bounce"),
        ("dns-mx", "MX", "bounce"),
        ("dns-dmarc", "TXT", "_dmarc"),
    ],
)
def test_a_record_that_is_gone_from_dns_is_named(laptop: LaptopCloud, check: str, kind: str, record: str) -> None:
    zone = _zone(laptop)
    with serve_dns(zone) as resolver:
        assert examine(laptop, resolver)[check].status is CheckStatus.OK
        del zone[next(key for key in zone if record in key[0] and key[1] == kind)]
        found = examine(laptop, resolver)[check]
    assert found.status is CheckStatus.WRONG
    assert record in found.remedy


def test_a_cloud_that_does_not_answer_is_named_by_every_check(laptop: LaptopCloud) -> None:
    """Whoever asks, then, is not known either."""
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    make: Any = boto3.Session("test", "test", region_name=REGION).client
    found = examine(laptop, client=lambda service: make(service, endpoint_url="http://127.0.0.1:9", config=config))
    assert "no answer" in found["credentials"].finding
    assert {result.status for id_, result in found.items() if id_ != "region"} == {CheckStatus.WARNING}


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
