"""What the documentation of Cognito's user pools says."""

from __future__ import annotations

from functools import partial

from tests.documented.rule import NOTHING_SPECIAL, Rule, row

__all__ = ["RULES"]

_ACCOUNTS = "tests/stack/webapp/test_accounts.py::"
_row = partial(row, "cognito-idp")

RULES: tuple[Rule, ...] = (
    _row("AdminAddUserToGroup", NOTHING_SPECIAL, f"{_ACCOUNTS}test_grace_is_an_operator_and_ada_is_none"),
    _row(
        "AdminCreateUser",
        "they will be in the FORCE_CHANGE_PASSWORD state until they sign in and set their password",
        f"{_ACCOUNTS}test_grace_is_an_operator_and_ada_is_none",
    ),
    _row(
        "AdminDeleteUser",
        "Deletes a user profile in your user pool.",
        "tests/integration/webapp/accounts/test_account_deletion.py::test_whoever_is_gone_already_counts_as_deleted",
    ),
    _row(
        "AdminGetUser",
        "An array of name-value pairs of user attributes and their values",
        f"{_ACCOUNTS}test_sign_up_confirm_sign_in_and_be_greeted",
        "UserAttributes[].Name",
        "UserAttributes[].Value",
    ),
    _row(
        "AdminSetUserPassword",
        "To do this, set Permanent to true.",
        f"{_ACCOUNTS}test_grace_is_an_operator_and_ada_is_none",
    ),
    _row(
        "AdminUpdateUserAttributes",
        "This operation can set a user's email address or phone number as verified",
        f"{_ACCOUNTS}test_sign_up_confirm_sign_in_and_be_greeted",
    ),
    _row(
        "ConfirmForgotPassword",
        "accepts a new password for that user",
        f"{_ACCOUNTS}test_a_password_is_reset_by_the_code_in_the_mail",
    ),
    _row(
        "ConfirmSignUp",
        "This public API operation submits a code that Amazon Cognito sent to your user when they signed up",
        f"{_ACCOUNTS}test_sign_up_confirm_sign_in_and_be_greeted",
    ),
    _row("CreateGroup", NOTHING_SPECIAL, f"{_ACCOUNTS}test_grace_is_an_operator_and_ada_is_none"),
    _row(
        "CreateResourceServer",
        "Resource servers are associated with custom scopes and machine-to-machine (M2M) authorization.",
        "tests/stack/test_events_api.py::test_a_token_for_one_type_publishes_no_other",
    ),
    _row(
        "CreateUserPool",
        "This configuration is immutable after you set it.",
        "tests/unit/doctor/test_installation.py::test_each_outcome",
        "UserPool.Id",
    ),
    _row(
        "CreateUserPoolClient",
        NOTHING_SPECIAL,
        f"{_ACCOUNTS}test_sign_up_confirm_sign_in_and_be_greeted",
        "UserPoolClient.ClientId",
        "UserPoolClient.ClientSecret",
    ),
    _row(
        "DescribeUserPool",
        "Amazon Cognito allows only a limited number of emails each day for your user pool",
        "tests/unit/doctor/test_installation.py::test_each_outcome",
        "UserPool.Id",
        "UserPool.EmailConfiguration.EmailSendingAccount",
        "UserPool.EmailConfiguration.From",
        "UserPool.UsernameConfiguration.CaseSensitive",
        "UserPool.MfaConfiguration",
        "UserPool.EmailConfiguration.SourceArn",
    ),
    _row(
        "DescribeUserPoolClient",
        NOTHING_SPECIAL,
        f"{_ACCOUNTS}test_a_password_is_reset_by_the_code_in_the_mail",
        "UserPoolClient.CallbackURLs[]",
    ),
    _row(
        "ForgotPassword",
        "Sends a password-reset confirmation code to the email address or phone number",
        f"{_ACCOUNTS}test_a_password_is_reset_by_the_code_in_the_mail",
    ),
    _row(
        "InitiateAuth",
        "might respond with an additional challenge or an AuthenticationResult",
        "tests/stack/test_lifecycle.py::test_the_demo_ignores_the_users_settings_and_finds_exactly_one_mail",
        "AuthenticationResult.IdToken",
        "AuthenticationResult.AccessToken",
    ),
    _row(
        "ListUserPoolClients",
        NOTHING_SPECIAL,
        f"{_ACCOUNTS}test_a_password_is_reset_by_the_code_in_the_mail",
        "UserPoolClients[].ClientId",
        "UserPoolClients[].ClientName",
        "NextToken",
    ),
    _row(
        "ListUserPools",
        NOTHING_SPECIAL,
        "tests/unit/doctor/test_installation.py::test_each_outcome",
        "UserPools[].Id",
        "UserPools[].Name",
        "NextToken",
    ),
    _row(
        "SignUp",
        "You might receive a LimitExceeded exception in response to this request",
        f"{_ACCOUNTS}test_a_weak_password_is_refused_with_the_reason",
    ),
)
