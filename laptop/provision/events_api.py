"""Creates what apps need to post events over HTTP: a user pool for programs, a client, and a route.

As in infra/modules/notifier/events_api.tf. ministack issues Cognito's tokens, and its authorizer checks the documented
claims; it does not throttle.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

from collections.abc import Iterable

from laptop.clients import LaptopClients
from laptop.environment import REGION
from laptop.provision.messaging import Provisioned
from laptop.resources import PREFIX

__all__ = ["make_events_api"]


def make_events_api(clients: LaptopClients, made: Provisioned, api: str, aws: str, types: Iterable[str]) -> None:
    """Create a client that may post events of these types to the HTTP API, and describe it in `made.events_api`."""
    scopes = [f"{PREFIX}/{type_}" for type_ in types]
    pool, client, secret = _make_client(clients, scopes)
    gateway = clients.make_client("apigatewayv2")
    authorizer = gateway.create_authorizer(
        ApiId=api,
        Name="publishers",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={
            "Audience": [client],
            "Issuer": f"https://cognito-idp.{REGION}.amazonaws.com/{pool}",
        },
    )["AuthorizerId"]
    integration = gateway.create_integration(
        ApiId=api,
        IntegrationType="AWS_PROXY",
        IntegrationUri=made.functions["events-api"],
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    gateway.create_route(
        ApiId=api,
        RouteKey="POST /events",
        Target=f"integrations/{integration}",
        AuthorizationType="JWT",
        AuthorizerId=authorizer,
    )
    made.events_api |= {
        "url": f"{aws}/_aws/execute-api/{api}/$default/events",
        "token_url": f"{aws}/oauth2/token",
        "client_id": client,
        "client_secret": secret,
    }


def _make_client(clients: LaptopClients, scopes: list[str]) -> tuple[str, str, str]:
    """Create a user pool for programs and a client in it. Returns the pool's id, the client's id and its secret."""
    cognito = clients.cognito
    pool = cognito.create_user_pool(PoolName=f"{PREFIX}-publishers")["UserPool"]["Id"]
    cognito.create_resource_server(
        UserPoolId=pool,
        Identifier=PREFIX,
        Name=PREFIX,
        Scopes=[{"ScopeName": scope.partition("/")[2], "ScopeDescription": f"Publish {scope}"} for scope in scopes],
    )
    made = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="shop",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=scopes,
    )["UserPoolClient"]
    return pool, made["ClientId"], made["ClientSecret"]
