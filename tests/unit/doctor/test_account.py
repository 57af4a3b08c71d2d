"""What the doctor says of an account, whether or not anything is applied: each check, each way it can end."""

from __future__ import annotations

from typing import Any

import pytest

from doctor.check import CheckStatus
from doctor.errors import RefusedError
from tests.unit.doctor.fake_cloud import ACCOUNT, HEALTHY, context, error, find

OK, WARNING, WRONG = CheckStatus.OK, CheckStatus.WARNING, CheckStatus.WRONG

_ACCOUNT: dict[str, Any] = HEALTHY["sesv2", "GetAccount"]
_IDENTITY: dict[str, Any] = HEALTHY["sesv2", "GetEmailIdentity"]
_NOTHING = {("lambda", "GetFunctionConfiguration"): error("ResourceNotFoundException", "GetFunctionConfiguration", 404)}


def account(**changes: Any) -> dict[tuple[str, str], Any]:
    answer = {name: value for name, value in (_ACCOUNT | changes).items() if value is not None}
    return {("sesv2", "GetAccount"): answer}


def identity(**changes: Any) -> dict[tuple[str, str], Any]:
    return {("sesv2", "GetEmailIdentity"): _IDENTITY | changes}


def dkim(**changes: Any) -> dict[tuple[str, str], Any]:
    return identity(DkimAttributes=_IDENTITY["DkimAttributes"] | changes)


def mail_from(status: str, on_failure: str = "USE_DEFAULT_VALUE") -> dict[tuple[str, str], Any]:
    named = {"MailFromDomain": "bounce.mail.example.com", "MailFromDomainStatus": status}
    return identity(MailFromAttributes=named | {"BehaviorOnMxFailure": on_failure})


def quota(**changes: float) -> dict[tuple[str, str], Any]:
    return account(SendQuota=_ACCOUNT["SendQuota"] | changes)


def concurrency(total: int, free: int, reserved: int | None = None) -> dict[tuple[str, str], Any]:
    limit = {"ConcurrentExecutions": total, "UnreservedConcurrentExecutions": free}
    return {
        ("lambda", "GetAccountSettings"): {"AccountLimit": limit},
        ("lambda", "GetFunctionConcurrency"): {} if reserved is None else {"ReservedConcurrentExecutions": reserved},
    }


@pytest.mark.parametrize(
    ("check", "answers", "status", "finding", "remedy"),
    [
        ("credentials", {}, OK, ACCOUNT, ""),
        ("ses-sandbox", {}, OK, "production", ""),
        ("ses-sandbox", account(ProductionAccessEnabled=False), WRONG, "sandbox", "put-account-details"),
        (
            "ses-sandbox",
            account(ProductionAccessEnabled=False, Details={"ReviewDetails": {"Status": "PENDING"}}),
            WRONG,
            "the request for production is PENDING",
            "put-account-details",
        ),
        ("ses-sandbox", account(ProductionAccessEnabled=None), WARNING, "ProductionAccessEnabled", "update boto3"),
        ("ses-sending", {}, OK, "HEALTHY", ""),
        ("ses-sending", account(SendingEnabled=False), WRONG, "sending is off", "put-account-sending-attributes"),
        ("ses-sending", account(EnforcementStatus="PROBATION"), WARNING, "PROBATION", "SES's mail"),
        ("ses-sending", account(EnforcementStatus="SHUTDOWN"), WRONG, "SHUTDOWN", "SES's mail"),
        ("ses-plan", {}, OK, "no plan", ""),
        ("ses-plan", account(PricingAttributes={"CurrentPlan": "ESSENTIALS"}), WARNING, "ESSENTIALS", "to leave it"),
        (
            "ses-plan",
            account(PricingAttributes={"CurrentPlan": "ESSENTIALS", "NextPlan": "NONE"}),
            OK,
            "ESSENTIALS ends with this month, then no plan: each mail",
            "",
        ),
        ("ses-plan", account(PricingAttributes=None), WARNING, "SES does not tell PricingAttributes", "update boto3"),
        ("ses-delivery-mode", {}, WARNING, "SES does not tell DeliveryAttributes", "update boto3"),
        ("ses-quota", {}, OK, "14 mails a second", ""),
        ("ses-quota", quota(MaxSendRate=1.0), WRONG, "SES takes 1 mails a second, send_rate is 14", "send_rate = 1"),
        ("ses-quota", quota(SentLast24Hours=45_000.0), WARNING, "45,000 of 50,000", "Service Quotas"),
        ("ses-quota", quota(Max24HourSend=-1.0, SentLast24Hours=9e9), OK, "any number a day", ""),
        ("ses-suppression", {}, OK, "bounces and complaints", ""),
        (
            "ses-suppression",
            account(SuppressionAttributes={"SuppressedReasons": ["BOUNCE"]}),
            WARNING,
            "COMPLAINT",
            "put-account-suppression-attributes",
        ),
        ("ses-identity", {}, OK, "books@mail.example.com is verified", ""),
        (
            "ses-identity",
            identity(VerifiedForSendingStatus=False, VerificationStatus="FAILED"),
            WRONG,
            "FAILED",
            "output dns_records",
        ),
        (
            "ses-identity",
            identity(
                VerifiedForSendingStatus=False,
                VerificationStatus="PENDING",
                VerificationInfo={"ErrorType": "HOST_NOT_FOUND"},
            ),
            WRONG,
            "PENDING (HOST_NOT_FOUND)",
            "output dns_records",
        ),
        (
            "ses-identity",
            {("sesv2", "GetEmailIdentity"): error("NotFoundException", "GetEmailIdentity", 404)},
            WRONG,
            "SES knows no identity for books@mail.example.com in eu-west-1",
            "make apply",
        ),
        ("ses-identity", _NOTHING, WARNING, "no sending domain is known yet", "--domain"),
        ("ses-dkim", {}, OK, "RSA_2048_BIT", ""),
        ("ses-dkim", dkim(SigningEnabled=False), WRONG, "not signed", "put-email-identity-dkim-attributes"),
        ("ses-dkim", dkim(Status="PENDING"), WARNING, "PENDING", "output dns_records"),
        ("ses-dkim", dkim(Status="TEMPORARY_FAILURE"), WARNING, "TEMPORARY_FAILURE", "output dns_records"),
        ("ses-dkim", dkim(Status="FAILED"), WRONG, "FAILED", "output dns_records"),
        ("ses-dkim", dkim(Status="NOT_STARTED"), WRONG, "NOT_STARTED", "output dns_records"),
        ("ses-dkim", _NOTHING, WARNING, "no sending domain", "--domain"),
        ("ses-mail-from", {}, OK, "bounce.mail.example.com is verified", ""),
        ("ses-mail-from", mail_from("PENDING"), WARNING, "PENDING", "output dns_records"),
        ("ses-mail-from", mail_from("FAILED"), WARNING, "FAILED", "output dns_records"),
        ("ses-mail-from", mail_from("FAILED", "REJECT_MESSAGE"), WRONG, "refuses the mail", "output dns_records"),
        ("ses-mail-from", _NOTHING, WARNING, "no sending domain", "--domain"),
        ("dns-dkim", {}, WARNING, "not answered here: DNS does not tell the records", "look in the console"),
        ("dns-dmarc", _NOTHING, WARNING, "no sending domain", "--domain"),
        ("lambda-concurrency", {}, OK, "4 are reserved for herald-notify; the account runs 1000", ""),
        ("lambda-concurrency", concurrency(1000, 998, 2), WARNING, "2 are reserved, send_rate needs 4", "make apply"),
        ("lambda-concurrency", concurrency(10, 10), OK, "nothing is reserved, send_rate needs 4", ""),
        ("lambda-concurrency", concurrency(10, 3), WARNING, "send_rate needs 4 at once", "L-B99A9384"),
        (
            "lambda-concurrency",
            concurrency(10, 10) | _NOTHING,
            WARNING,
            "cannot be reserved",
            "reserve_concurrency off",
        ),
        ("lambda-concurrency", concurrency(1000, 103) | _NOTHING, WARNING, "cannot be reserved", "L-B99A9384"),
        ("lambda-concurrency", concurrency(1000, 104) | _NOTHING, OK, "can be reserved", ""),
    ],
)
def test_each_outcome(
    check: str, answers: dict[tuple[str, str], Any], status: CheckStatus, finding: str, remedy: str
) -> None:
    found = find(check, answers)
    assert (found.status, finding in found.finding, remedy in found.remedy) == (status, True, True), found
    assert bool(found.remedy) is (status is not OK)


def test_mail_from_may_be_amazons_own() -> None:
    answer = {name: value for name, value in _IDENTITY.items() if name != "MailFromAttributes"}
    found = find("ses-mail-from", {("sesv2", "GetEmailIdentity"): answer})
    assert found.status is WARNING
    assert found.remedy == "set identity.mail_from in terraform.tfvars, then make apply"


@pytest.mark.parametrize(("mode", "status"), [("REGIONAL", OK), ("GLOBAL", WARNING)])
def test_the_delivery_mode_is_told_by_a_botocore_that_is_newer_than_the_pinned_one(
    mode: str, status: CheckStatus
) -> None:
    found = find("ses-delivery-mode", account(DeliveryAttributes={"SharedPoolDeliveryMode": mode}), modelled=False)
    assert found.status is status
    assert mode in found.finding


def test_an_identity_above_the_senders_domain_counts() -> None:
    asked: list[str] = []

    def look(EmailIdentity: str) -> Any:
        asked.append(EmailIdentity)
        return _IDENTITY if EmailIdentity == "example.com" else error("NotFoundException", "GetEmailIdentity", 404)

    assert find("ses-identity", {("sesv2", "GetEmailIdentity"): look}).finding == "example.com is verified"
    assert asked == ["books@mail.example.com", "mail.example.com", "example.com"]


def test_before_the_first_apply_the_domain_may_be_told() -> None:
    none = _NOTHING | {("sesv2", "GetEmailIdentity"): error("NotFoundException", "GetEmailIdentity", 404)}
    found = find("ses-identity", none, told_domain="books.example")
    assert (found.status, found.remedy) == (WARNING, "it is made by: make apply")
    assert "books.example" in found.finding


@pytest.mark.parametrize(
    ("regions", "status"),
    [
        ((("AWS_REGION", "eu-west-1"),), OK),
        ((("AWS_REGION", "eu-west-1"), ("the profile", "eu-west-1")), OK),
        ((("AWS_REGION", "eu-west-1"), ("the profile", "us-east-1")), WRONG),
    ],
)
def test_all_settings_must_name_one_region(regions: tuple[tuple[str, str], ...], status: CheckStatus) -> None:
    found = find("region", regions=regions)
    assert found.status is status
    assert all(f"{region} by {source}" in found.finding for source, region in regions)


def test_where_nobody_may_look_at_the_function_it_counts_as_installed() -> None:
    denied = {("lambda", "GetFunctionConfiguration"): error("AccessDeniedException", "GetFunctionConfiguration", 403)}
    found = find("lambda-alias", denied)
    assert found.status is OK
    with pytest.raises(RefusedError, match="AccessDeniedException"):
        _ = context(denied).settings
