"""The doctor before simulators of SES in two regions that know two tenants' senders, and each thing amiss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from doctor.aws_api import Boto3AwsApi
from doctor.check import CheckResult, CheckStatus
from function.message.addressing.tenant import pack_tenants
from tests.integration.operations.ses_lists import simulate_regions
from tests.unit.doctor.fake_cloud import ACCOUNT, HEALTHY, REGION, error, find

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

THERE = "eu-central-1"
DECLARED: dict[str, dict[str, Any]] = {
    "acme": {
        "from": "Acme Books <mail@acme.example>",
        "configuration_set": "acme",
        "tenant_name": "acme-ses",
        "suppression": "own",
        "providers": [f"ses://{REGION}"],
    },
    "shop": {"from": "The Shop <shop@shop.example>"},
}
WRONG, WARNING = CheckStatus.WRONG, CheckStatus.WARNING
_EVENTS: Any = ["SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "RENDERING_FAILURE", "DELIVERY_DELAY"]
_ARN = f"arn:aws:ses:{REGION}:{ACCOUNT}"
#: What the simulator does not play: tenants of SES's own.
_SES_TENANT: dict[tuple[str, str], Any] = {
    ("sesv2", "GetTenant"): {"Tenant": {"TenantName": "acme-ses", "SendingStatus": "ENABLED"}},
    ("sesv2", "ListTenantResources"): {
        "TenantResources": [
            {"ResourceType": "EMAIL_IDENTITY", "ResourceArn": f"{_ARN}:identity/acme.example"},
            {"ResourceType": "CONFIGURATION_SET", "ResourceArn": f"{_ARN}:configuration-set/acme"},
        ]
    },
}
_ASKED = ("GetEmailIdentity", "GetConfigurationSet", "GetConfigurationSetEventDestinations")


def make_identity(ses: SESV2Client, domain: str) -> None:
    ses.create_email_identity(EmailIdentity=domain)
    ses.put_email_identity_mail_from_attributes(EmailIdentity=domain, MailFromDomain=f"bounce.{domain}")


def forget_mail_from(ses: SESV2Client) -> None:
    ses.delete_email_identity(EmailIdentity="acme.example")
    ses.create_email_identity(EmailIdentity="acme.example")


def make_set(ses: SESV2Client, name: str, region: str, enabled: bool = True) -> None:
    topic = f"arn:aws:sns:{region}:{ACCOUNT}:herald-feedback"
    ses.create_configuration_set(ConfigurationSetName=name)
    ses.create_configuration_set_event_destination(
        ConfigurationSetName=name,
        EventDestinationName="feedback",
        EventDestination={"Enabled": enabled, "MatchingEventTypes": _EVENTS, "SnsDestination": {"TopicArn": topic}},
    )


@pytest.fixture
def regions() -> Iterator[dict[str, SESV2Client]]:
    """SES in two regions, which knows in each what sends there."""
    with simulate_regions(REGION, THERE) as made:
        for region, ses in ((name, one.client) for name, one in made.items()):
            make_identity(ses, "shop.example")
            make_set(ses, "herald", region)
        make_identity(made[REGION].client, "acme.example")
        make_set(made[REGION].client, "acme", REGION)
        yield {name: one.client for name, one in made.items()}


def examine(
    regions: dict[str, SESV2Client], changes: dict[tuple[str, str], Any] | None = None, **settings: str
) -> CheckResult:
    """What the check finds, asking the simulators."""
    services = {"sesv2": regions[REGION], f"sesv2@{THERE}": regions[THERE]}
    asked: dict[tuple[str, str], Any] = {
        (service, operation): partial(Boto3AwsApi(lambda *_, client=client: client).ask, "sesv2", operation)
        for service, client in services.items()
        for operation in _ASKED
    }
    variables = HEALTHY["lambda", "GetFunctionConfiguration"]["Environment"]["Variables"] | {
        "HERALD_PROVIDERS": f"ses://{REGION},ses://{THERE},resend://",
        "HERALD_TENANTS": pack_tenants(DECLARED),
    }
    told = {("lambda", "GetFunctionConfiguration"): {"Environment": {"Variables": variables | settings}}}
    return find("ses-tenants", {**_SES_TENANT, **asked, **told, **(changes or {})})


def test_all_is_well_with_senders_that_ses_knows(regions: dict[str, SESV2Client]) -> None:
    found = examine(regions)
    assert (found.status, "mail of acme, shop" in found.finding) == (CheckStatus.OK, True), found


@pytest.mark.parametrize(
    ("breaks", "status", "finding", "remedy"),
    [
        (
            lambda ses: ses.delete_email_identity(EmailIdentity="acme.example"),
            WRONG,
            f"acme: SES knows no identity for mail@acme.example in {REGION}",
            f"create-email-identity --region {REGION} --email-identity acme.example",
        ),
        (
            lambda ses: ses.put_email_identity_dkim_attributes(EmailIdentity="acme.example", SigningEnabled=False),
            WRONG,
            "acme: mail of acme.example is not signed",
            "put-email-identity-dkim-attributes --email-identity acme.example",
        ),
        (
            forget_mail_from,
            WARNING,
            "acme: acme.example has no MAIL FROM domain of its own",
            "put-email-identity-mail-from-attributes",
        ),
        (
            lambda ses: ses.put_configuration_set_sending_options(ConfigurationSetName="acme", SendingEnabled=False),
            WRONG,
            "acme: sending through acme is off",
            "put-configuration-set-sending-options --configuration-set-name acme",
        ),
        (
            lambda ses: ses.delete_configuration_set(ConfigurationSetName="acme"),
            WRONG,
            "acme: ",
            "make apply",
        ),
        (
            lambda ses: ses.delete_configuration_set_event_destination(
                ConfigurationSetName="acme", EventDestinationName="feedback"
            ),
            WRONG,
            "acme: acme tells",
            "make apply",
        ),
    ],
)
def test_what_is_wrong_with_a_tenants_sender_is_named_with_the_tenant(
    regions: dict[str, SESV2Client],
    breaks: Callable[[SESV2Client], Any],
    status: CheckStatus,
    finding: str,
    remedy: str,
) -> None:
    breaks(regions[REGION])
    found = examine(regions)
    assert (found.status, finding in found.finding, remedy in found.remedy) == (status, True, True), found
    assert "shop" not in found.finding


def test_a_tenant_is_looked_at_in_every_region_that_its_mail_may_go_by(regions: dict[str, SESV2Client]) -> None:
    regions[THERE].delete_email_identity(EmailIdentity="shop.example")
    found = examine(regions)
    assert found.status is WRONG
    assert found.finding == f"shop: SES knows no identity for shop@shop.example in {THERE}"


@pytest.mark.parametrize(
    ("changes", "finding", "remedy"),
    [
        (
            {("sesv2", "GetTenant"): error("NotFoundException", "GetTenant", 404)},
            f"acme: SES knows no tenant acme-ses in {REGION}",
            "create-tenant",
        ),
        (
            {("sesv2", "GetTenant"): {"Tenant": {"TenantName": "acme-ses", "SendingStatus": "DISABLED"}}},
            "acme: SES has paused sending for its tenant acme-ses",
            "resume",
        ),
        (
            {("sesv2", "ListTenantResources"): {"TenantResources": []}},
            "acme: SES's tenant acme-ses has no identity/acme.example and no configuration-set/acme",
            f"create-tenant-resource-association --region {REGION} --tenant-name acme-ses "
            f"--resource-arn {_ARN}:identity/acme.example",
        ),
    ],
)
def test_what_is_wrong_with_the_tenant_at_ses_is_named(
    regions: dict[str, SESV2Client], changes: dict[tuple[str, str], Any], finding: str, remedy: str
) -> None:
    found = examine(regions, changes)
    assert (found.status, finding in found.finding, remedy in found.remedy) == (WRONG, True, True), found


def test_what_is_told_of_several_alike_is_told_once(regions: dict[str, SESV2Client]) -> None:
    declared = pack_tenants({name: {"from": f"{name}@shop.example"} for name in ("one", "two")})
    regions[REGION].put_email_identity_dkim_attributes(EmailIdentity="shop.example", SigningEnabled=False)
    found = examine(regions, HERALD_TENANTS=declared)
    assert found.finding == "one, two: mail of shop.example is not signed"


@pytest.mark.parametrize(
    "settings", [{"HERALD_TENANTS": ""}, {"HERALD_PROVIDERS": "resend://"}], ids=["none", "by SES"]
)
def test_where_no_tenants_mail_goes_by_ses_nobody_is_asked(
    regions: dict[str, SESV2Client], settings: dict[str, str]
) -> None:
    declared = {"HERALD_TENANTS": pack_tenants({"shop": DECLARED["shop"]})} | settings
    nobody = {("sesv2", operation): error("NeverAsked", operation) for operation in _ASKED}
    found = examine(regions, nobody, **declared)
    assert (found.status, found.finding) == (CheckStatus.OK, "no tenant's mail goes by SES")
