"""Creates the Cognito user pool as Terraform does, with two users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laptop.clients import LaptopClients
from laptop.cognito.demo_users import ADA, GRACE, DemoUser
from laptop.environment import REGION
from laptop.resources import OPERATORS, PREFIX

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp.type_defs import UserPoolPolicyTypeTypeDef

__all__ = ["SignIn", "sign_in"]


@dataclass(frozen=True, slots=True)
class SignIn:
    """What signing in needs: issuer, discovery document, client id and pool.

    `issuer` is the OIDC issuer as named in tokens, `discovery_url` the actual URL of its discovery document.
    """

    issuer: str
    discovery_url: str
    client_id: str
    pool: str = ""


def sign_in(clients: LaptopClients, aws: str, web: str) -> SignIn:
    """Create the pool, the web app's client, the group of operators, Ada, and Grace, who is an operator.

    Beside the code flow, the client allows USER_PASSWORD_AUTH, which the tests and the demo use to get tokens for the
    API.
    """
    cognito = clients.cognito
    pool = cognito.create_user_pool(
        PoolName=PREFIX,
        UsernameAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        Policies=_PASSWORDS,
    )["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName=f"{PREFIX}-web",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["email", "openid", "profile"],
        SupportedIdentityProviders=["COGNITO"],
        CallbackURLs=[f"{web}/sign-in/done"],
        LogoutURLs=[f"{web}/"],
        PreventUserExistenceErrors="ENABLED",
    )["UserPoolClient"]["ClientId"]
    cognito.create_group(UserPoolId=pool, GroupName=OPERATORS)
    for person in (ADA, GRACE):
        _create_account(clients, pool, person)
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=GRACE.email, GroupName=OPERATORS)
    issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{pool}"
    return SignIn(issuer, f"{aws}/{pool}/.well-known/openid-configuration", client, pool)


def _create_account(clients: LaptopClients, pool: str, person: DemoUser) -> None:
    attributes = {"email": person.email, "email_verified": "true", "name": person.name}
    clients.cognito.admin_create_user(
        UserPoolId=pool,
        Username=person.email,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    clients.cognito.admin_set_user_password(
        UserPoolId=pool, Username=person.email, Password=person.password, Permanent=True
    )


_PASSWORDS: UserPoolPolicyTypeTypeDef = {
    "PasswordPolicy": {
        "MinimumLength": 12,
        "RequireLowercase": True,
        "RequireUppercase": True,
        "RequireNumbers": True,
        "RequireSymbols": False,
    }
}
