"""What Terraform and the AWS CLI make and read: identities, configuration sets, suppression, the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.integration.ses.conftest import TOPIC
from tests.waiting import LIMIT

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

#: All that the simulator says is looked at.
pytestmark = pytest.mark.exact


def test_an_identity_is_verified_at_once(client: SESV2Client) -> None:
    made = client.create_email_identity(EmailIdentity="herald.example", Tags=[{"Key": "a", "Value": "b"}])
    assert (made["IdentityType"], made["VerifiedForSendingStatus"]) == ("DOMAIN", True)
    assert len(made["DkimAttributes"]["Tokens"]) == 3
    got = client.get_email_identity(EmailIdentity="herald.example")
    assert (got["VerificationStatus"], got["Tags"]) == ("SUCCESS", [{"Key": "a", "Value": "b"}])
    assert client.list_email_identities()["EmailIdentities"][0]["IdentityName"] == "herald.example"
    arn = "arn:aws:ses:us-east-1:000000000000:identity/herald.example"
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    with pytest.raises(client.exceptions.AlreadyExistsException):
        client.create_email_identity(EmailIdentity="HERALD.example")
    client.delete_email_identity(EmailIdentity="herald.example")
    with pytest.raises(client.exceptions.NotFoundException):
        client.get_email_identity(EmailIdentity="herald.example")


def test_a_custom_mail_from_must_be_a_subdomain(client: SESV2Client) -> None:
    client.create_email_identity(EmailIdentity="herald.example")
    client.put_email_identity_mail_from_attributes(
        EmailIdentity="herald.example", MailFromDomain="bounce.herald.example", BehaviorOnMxFailure="REJECT_MESSAGE"
    )
    assert client.get_email_identity(EmailIdentity="herald.example")["MailFromAttributes"] == {
        "MailFromDomain": "bounce.herald.example",
        "MailFromDomainStatus": "SUCCESS",
        "BehaviorOnMxFailure": "REJECT_MESSAGE",
    }
    with pytest.raises(client.exceptions.BadRequestException, match="subdomain"):
        client.put_email_identity_mail_from_attributes(EmailIdentity="herald.example", MailFromDomain="other.example")


def test_an_identitys_attributes_can_be_set(client: SESV2Client) -> None:
    client.create_email_identity(EmailIdentity="a@herald.example")
    client.put_email_identity_dkim_attributes(EmailIdentity="a@herald.example", SigningEnabled=False)
    client.put_email_identity_configuration_set_attributes(
        EmailIdentity="a@herald.example", ConfigurationSetName="herald"
    )
    got = client.get_email_identity(EmailIdentity="a@herald.example")
    assert got["IdentityType"] == "EMAIL_ADDRESS"
    assert got["DkimAttributes"]["SigningEnabled"] is False
    assert got["ConfigurationSetName"] == "herald"


def test_a_configuration_set_keeps_its_options(client: SESV2Client) -> None:
    client.create_configuration_set(
        ConfigurationSetName="herald",
        DeliveryOptions={"TlsPolicy": "REQUIRE"},
        SuppressionOptions={"SuppressedReasons": ["BOUNCE"]},
    )
    client.put_configuration_set_reputation_options(ConfigurationSetName="herald", ReputationMetricsEnabled=True)
    got = client.get_configuration_set(ConfigurationSetName="herald")
    assert got["DeliveryOptions"] == {"TlsPolicy": "REQUIRE"}
    assert got["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE"]}
    assert got["ReputationOptions"]["ReputationMetricsEnabled"] is True
    assert client.list_configuration_sets()["ConfigurationSets"] == ["herald"]
    client.delete_configuration_set(ConfigurationSetName="herald")
    assert client.list_configuration_sets()["ConfigurationSets"] == []


def test_an_event_destination_lives_with_its_set(account: SESV2Client) -> None:
    listed = account.get_configuration_set_event_destinations(ConfigurationSetName="herald")["EventDestinations"]
    assert [(one["Name"], one["Enabled"], one["SnsDestination"]) for one in listed] == [
        ("feedback", True, {"TopicArn": TOPIC})
    ]
    account.delete_configuration_set_event_destination(ConfigurationSetName="herald", EventDestinationName="feedback")
    with pytest.raises(account.exceptions.NotFoundException):
        account.delete_configuration_set_event_destination(
            ConfigurationSetName="herald", EventDestinationName="feedback"
        )


def test_the_suppression_list_is_kept_by_reason(client: SESV2Client) -> None:
    client.put_suppressed_destination(EmailAddress="b@example.com", Reason="BOUNCE")
    client.put_suppressed_destination(EmailAddress="c@example.com", Reason="COMPLAINT")
    summaries = client.list_suppressed_destinations()["SuppressedDestinationSummaries"]
    assert [one["EmailAddress"] for one in summaries] == ["b@example.com", "c@example.com"]
    complaints = client.list_suppressed_destinations(Reasons=["COMPLAINT"])["SuppressedDestinationSummaries"]
    assert [one["EmailAddress"] for one in complaints] == ["c@example.com"]
    got = client.get_suppressed_destination(EmailAddress="B@example.com")["SuppressedDestination"]
    assert (got["Reason"], got["LastUpdateTime"].year >= 2026) == ("BOUNCE", True)
    client.delete_suppressed_destination(EmailAddress="b@example.com")
    for call in (client.get_suppressed_destination, client.delete_suppressed_destination):
        with pytest.raises(client.exceptions.NotFoundException):
            call(EmailAddress="b@example.com")


def test_the_accounts_own_suppression_can_be_chosen(client: SESV2Client) -> None:
    client.put_account_suppression_attributes(SuppressedReasons=["COMPLAINT"])
    assert client.get_account()["SuppressionAttributes"] == {"SuppressedReasons": ["COMPLAINT"]}


def test_a_plan_ends_with_its_month(client: SESV2Client) -> None:
    client.put_account_pricing_attributes(Plan="NONE")
    assert client.get_account()["PricingAttributes"] == {"CurrentPlan": "ESSENTIALS", "NextPlan": "NONE"}
    client.put_account_pricing_attributes(Plan="ESSENTIALS")
    assert client.get_account()["PricingAttributes"] == {"CurrentPlan": "ESSENTIALS"}


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"'])
def test_a_body_that_is_no_object_is_a_bad_request(endpoint: str, body: bytes) -> None:
    answer = httpx.post(f"{endpoint}/v2/email/outbound-emails", content=body, trust_env=False, timeout=LIMIT)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (400, "BadRequestException")
