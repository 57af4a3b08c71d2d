"""The calls to ministack's Cognito behind the account pages, which on AWS are Cognito's own.

No answer reveals whether an address has an account.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError

from laptop.resources import PREFIX

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_lambda import LambdaClient

__all__ = ["CognitoAccounts", "CognitoRefusal"]

#: Errors that would reveal whether an account exists, or that it is already confirmed.
_TELLING = {"UsernameExistsException", "UserNotFoundException", "NotAuthorizedException", "LimitExceededException"}
_ABOUT_THE_CODE = {"CodeMismatchException", "ExpiredCodeException"}


class CognitoRefusal(Exception):
    """Cognito rejected the request; the message is one line for the user."""


class CognitoAccounts:
    """Sign-up, confirmation and reset for the web app's client in Herald's pool."""

    def __init__(self, cognito: CognitoIdentityProviderClient, functions: LambdaClient) -> None:
        self._cognito = cognito
        self._functions = functions
        self._known: dict[str, str] = {}

    @property
    def web(self) -> str:
        """The URL of the web app, taken from the callback URL of its client in the pool."""
        return self._find_client()["web"]

    def sign_up(self, email: str, name: str, password: str) -> None:
        """Create an account, whose address has to be confirmed; silently do nothing if there is one already."""
        attributes: Any = [{"Name": "email", "Value": email}, {"Name": "name", "Value": name}]
        self._ask("sign_up", _TELLING, ClientId=self._id, Username=email, Password=password, UserAttributes=attributes)

    def confirm(self, email: str, code: str) -> None:
        """Confirm an address.

        Also do what ministack omits: mark the address as verified, and invoke the post-confirmation trigger.
        """
        self._ask("confirm_sign_up", set(), ClientId=self._id, Username=email, ConfirmationCode=code)
        self._cognito.admin_update_user_attributes(
            UserPoolId=self._find_client()["pool"],
            Username=email,
            UserAttributes=[{"Name": "email_verified", "Value": "true"}],
        )
        user = self._cognito.admin_get_user(UserPoolId=self._find_client()["pool"], Username=email)
        attributes = {each["Name"]: each.get("Value", "") for each in user["UserAttributes"]}
        event = {
            "triggerSource": "PostConfirmation_ConfirmSignUp",
            "userName": user["Username"],
            "request": {"userAttributes": attributes},
            "response": {},
        }
        self._functions.invoke(
            FunctionName=f"{PREFIX}-post-confirmation", InvocationType="Event", Payload=json.dumps(event).encode()
        )

    def mail_reset_code(self, email: str) -> None:
        """Send a code for resetting the password, if the account exists."""
        self._ask("forgot_password", {*_TELLING, "InvalidParameterException"}, ClientId=self._id, Username=email)

    def reset(self, email: str, code: str, password: str) -> None:
        """Set a new password, using the code from the mail."""
        self._ask(
            "confirm_forgot_password",
            set(),
            ClientId=self._id,
            Username=email,
            ConfirmationCode=code,
            Password=password,
        )

    def _ask(self, operation: str, silent: set[str], **request: Any) -> None:
        try:
            getattr(self._cognito, operation)(**request)
        except ParamValidationError as error:  # an empty field, which a browser would not send
            raise CognitoRefusal("Something is missing.") from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in silent:
                return
            if code in _TELLING | _ABOUT_THE_CODE:
                raise CognitoRefusal("That is not the code that was mailed last, or it is too old.") from error
            raise CognitoRefusal(error.response["Error"]["Message"]) from error

    @property
    def _id(self) -> str:
        return self._find_client()["id"]

    def _find_client(self) -> dict[str, str]:
        """Return the ids of pool and client and the web app's URL.

        They are looked up on first use, because they are created after this process has started.
        """
        if not self._known:
            pools = self._cognito.list_user_pools(MaxResults=60)["UserPools"]
            pool = next(each["Id"] for each in pools if each["Name"] == PREFIX)
            clients = self._cognito.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"]
            client = next(each["ClientId"] for each in clients if each["ClientName"] == f"{PREFIX}-web")
            described = self._cognito.describe_user_pool_client(UserPoolId=pool, ClientId=client)["UserPoolClient"]
            web = described["CallbackURLs"][0].removesuffix("/sign-in/done")
            self._known = {"pool": pool, "id": client, "web": web}
        return self._known
