"""The Cognito pool as Terraform makes it, with two people in it."""

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
    """How a person signs in: OIDC issuer as tokens name it, where its discovery document really is, client id, pool."""

    issuer: str
    discovery_url: str
    client_id: str
    pool: str = ""


def sign_in(clients: LaptopClients, aws: str, web: str) -> SignIn:
    """Make the pool, the web app's client, the group of operators, Ada, and Grace, who is an operator.

    Passwords are exchanged for tokens too, beside the code flow: that is how tests and the demo call the API.
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
