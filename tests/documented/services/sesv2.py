"""What the documentation of SES v2 says."""

from __future__ import annotations

from functools import partial

from tests.documented.rule import NOTHING_SPECIAL, Rule, row

__all__ = ["RULES"]

_SETUP = "tests/integration/ses/test_configuration.py::"
_SENDING = "tests/integration/ses/test_sending.py::"
_DOCTOR = "tests/unit/doctor/test_account.py::test_each_outcome"
_row = partial(row, "sesv2")
_OPTIONS = ("Delivery", "Reputation", "Sending", "Suppression")

RULES: tuple[Rule, ...] = (
    _row(
        "SendEmail",
        "A unique identifier for the message that is generated when the message is accepted.",
        "tests/integration/function/test_ses_provider.py::test_an_accepted_mail_has_the_receipt_of_ses",
        "MessageId",
    ),
    _row(
        "SendEmail",
        "The subject line can only contain 7-bit ASCII characters.",
        f"{_SENDING}test_its_mime_form_reads_back_the_same",
    ),
    _row(
        "SendEmail",
        "The message header name has to meet the following criteria:",
        f"{_SENDING}test_what_aws_refuses_is_refused",
    ),
    _row(
        "GetAccount",
        "When your account is in the sandbox, you can only send email to verified identities.",
        _DOCTOR,
        "EnforcementStatus",
        "ProductionAccessEnabled",
        "SendingEnabled",
        "SendQuota.Max24HourSend",
        "SendQuota.MaxSendRate",
        "SendQuota.SentLast24Hours",
        "SuppressionAttributes.SuppressedReasons[]",
        "PricingAttributes.CurrentPlan",
        "PricingAttributes.NextPlan",
        "Details.ReviewDetails.Status",
    ),
    _row(
        "PutAccountSendingAttributes",
        NOTHING_SPECIAL,
        f"{_SENDING}test_sending_can_be_paused_for_the_account_and_for_a_set",
    ),
    _row(
        "PutAccountPricingAttributes",
        "The pricing plan to apply to your Amazon SES account.",
        "tests/unit/doctor/test_plan.py::test_a_plan_is_left_after_a_yes",
    ),
    _row(
        "GetAccount",
        "The pricing plan that will become active at the start of the next monthly cycle",
        "tests/unit/doctor/test_plan.py::test_a_plan_is_left_after_a_yes",
    ),
    _row(
        "PutAccountSuppressionAttributes",
        "Change the settings for the account-level suppression list.",
        f"{_SETUP}test_the_accounts_own_suppression_can_be_chosen",
    ),
    _row(
        "CreateEmailIdentity",
        "Before you can use an identity to send email, you first have to verify it.",
        f"{_SETUP}test_an_identity_is_verified_at_once",
    ),
    _row(
        "GetEmailIdentity",
        "You can only send email from verified email addresses or domains.",
        _DOCTOR,
        "IdentityType",
        "VerifiedForSendingStatus",
        "VerificationStatus",
        "DkimAttributes.SigningEnabled",
        "DkimAttributes.Status",
        "DkimAttributes.Tokens[]",
        "DkimAttributes.SigningHostedZone",
        "DkimAttributes.CurrentSigningKeyLength",
        "VerificationInfo.ErrorType",
        "MailFromAttributes.MailFromDomain",
        "MailFromAttributes.MailFromDomainStatus",
        "MailFromAttributes.BehaviorOnMxFailure",
    ),
    _row(
        "ListEmailIdentities",
        "This operation returns identities that are verified as well as those that aren't.",
        f"{_SETUP}test_an_identity_is_verified_at_once",
    ),
    _row("DeleteEmailIdentity", NOTHING_SPECIAL, f"{_SETUP}test_an_identity_is_verified_at_once"),
    _row(
        "PutEmailIdentityMailFromAttributes",
        "It has to be a subdomain of the verified identity.",
        f"{_SETUP}test_a_custom_mail_from_must_be_a_subdomain",
    ),
    _row("PutEmailIdentityDkimAttributes", NOTHING_SPECIAL, f"{_SETUP}test_an_identitys_attributes_can_be_set"),
    _row(
        "PutEmailIdentityConfigurationSetAttributes",
        NOTHING_SPECIAL,
        f"{_SETUP}test_an_identitys_attributes_can_be_set",
    ),
    _row(
        "CreateConfigurationSet",
        "The name can contain up to 64 alphanumeric characters",
        f"{_SETUP}test_a_configuration_set_keeps_its_options",
    ),
    _row(
        "GetConfigurationSet",
        "If the value is Require, messages are only delivered if a TLS connection can be established.",
        _DOCTOR,
        "ConfigurationSetName",
        "DeliveryOptions.TlsPolicy",
        "SendingOptions.SendingEnabled",
        "SuppressionOptions.SuppressedReasons[]",
    ),
    _row("ListConfigurationSets", NOTHING_SPECIAL, f"{_SETUP}test_an_event_destination_lives_with_its_set"),
    _row("DeleteConfigurationSet", NOTHING_SPECIAL, f"{_SETUP}test_an_event_destination_lives_with_its_set"),
    *(
        _row(
            f"PutConfigurationSet{option}Options",
            NOTHING_SPECIAL,
            f"{_SETUP}test_a_configuration_set_keeps_its_options",
        )
        for option in _OPTIONS
    ),
    _row(
        "CreateConfigurationSetEventDestination",
        "A single configuration set can include more than one event destination.",
        f"{_SETUP}test_an_event_destination_lives_with_its_set",
    ),
    _row(
        "UpdateConfigurationSetEventDestination",
        NOTHING_SPECIAL,
        f"{_SETUP}test_an_event_destination_lives_with_its_set",
    ),
    _row(
        "DeleteConfigurationSetEventDestination",
        NOTHING_SPECIAL,
        f"{_SETUP}test_an_event_destination_lives_with_its_set",
    ),
    _row(
        "GetConfigurationSetEventDestinations",
        "Soft bounces are only included when SES fails to deliver the email after retrying for a period of time.",
        _DOCTOR,
        "EventDestinations[].Name",
        "EventDestinations[].Enabled",
        "EventDestinations[].MatchingEventTypes[]",
        "EventDestinations[].SnsDestination.TopicArn",
    ),
    _row(
        "PutSuppressedDestination",
        "If you omit TenantName, the address is added to the account-level suppression list.",
        f"{_SETUP}test_the_suppression_list_is_kept_by_reason",
    ),
    _row(
        "GetSuppressedDestination",
        "If you omit TenantName, the operation targets the account-level suppression list.",
        f"{_SETUP}test_the_suppression_list_is_kept_by_reason",
    ),
    _row(
        "DeleteSuppressedDestination",
        "If you omit TenantName, the address is removed from the account-level suppression list.",
        f"{_SETUP}test_the_suppression_list_is_kept_by_reason",
    ),
    _row(
        "ListSuppressedDestinations",
        "If you omit TenantName, the operation targets the account-level suppression list.",
        f"{_SETUP}test_the_suppression_list_is_kept_by_reason",
        "SuppressedDestinationSummaries[].EmailAddress",
        "SuppressedDestinationSummaries[].Reason",
        "SuppressedDestinationSummaries[].LastUpdateTime",
        "NextToken",
    ),
    _row(
        "GetTenant",
        "Get information about a specific tenant",
        "tests/integration/doctor/test_tenants.py::test_what_is_wrong_with_the_tenant_at_ses_is_named",
        "Tenant.SendingStatus",
    ),
    _row(
        "ListTenantResources",
        "List all resources associated with a specific tenant.",
        "tests/integration/doctor/test_tenants.py::test_what_is_wrong_with_the_tenant_at_ses_is_named",
        "TenantResources[].ResourceArn",
        "NextToken",
    ),
    _row("ListTagsForResource", NOTHING_SPECIAL, f"{_SETUP}test_a_configuration_set_keeps_its_options"),
)
