"""Events posted over HTTP with the real processes: token, gateway, function, topic, notify, inbox."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import httpx
import pytest

from laptop.environment import REGION
from laptop.state import ROOT
from tests.stack.conftest import Herald
from tests.stack.events import new_address, new_event
from tests.waiting import LIMIT

STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"


def ask_token(herald: Herald, scope: str | None = "herald/book.created", **client: str) -> httpx.Response:
    """https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html"""
    known = herald.names.events_api | client
    form = {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})
    return httpx.post(
        known["token_url"],
        data=form,
        auth=(known["client_id"], known["client_secret"]),
        trust_env=False,
        timeout=LIMIT,
    )


def post(herald: Herald, event: Any, token: str | None, media_type: str = STRUCTURED) -> httpx.Response:
    headers = {"content-type": media_type} | ({"authorization": f"Bearer {token}"} if token else {})
    url = herald.names.events_api["url"]
    return httpx.post(url, content=json.dumps(event), headers=headers, trust_env=False, timeout=LIMIT)


@pytest.fixture
def token(herald: Herald) -> str:
    return str(ask_token(herald).raise_for_status().json()["access_token"])


def test_a_posted_event_is_one_mail_however_often_and_in_which_mode_it_is_posted(herald: Herald, token: str) -> None:
    to = new_address()
    event = new_event(to)
    first, second, third = (
        post(herald, event, token),
        post(herald, event, token),
        post(herald, [event], token, BATCHED),
    )
    assert [answer.status_code for answer in (first, second, third)] == [202, 202, 202]
    said = [first.json(), second.json(), third.json()[0]]
    assert {(one["source"], one["id"]) for one in said} == {(event["source"], event["id"])}
    [mail] = herald.inbox.exactly(to, 1)
    assert mail["tags"]["message_id"] in {one["message_id"] for one in said}


def test_what_is_wrong_is_told_at_once_and_is_no_letter(herald: Herald, token: str) -> None:
    to = new_address()
    wrong = new_event(to)
    wrong["data"]["book"]["url"] = "http://shop.example"
    answer = post(herald, wrong, token)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/data/book/url"]


@pytest.mark.parametrize("case", ["none", "garbage", "id token of a reader", "changed"])
def test_a_stranger_gets_no_farther_than_the_gateway(herald: Herald, token: str, case: str) -> None:
    if case == "id token of a reader":
        with herald.sign_in() as web:
            stranger = web.headers["authorization"].partition(" ")[2]
    else:
        head, _, signature = token.rpartition(".")
        stranger = {"none": "", "garbage": "a.b.c", "changed": f"{head}.{signature[::-1]}"}[case]
    answer = post(herald, new_event(new_address()), stranger)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_a_token_for_one_type_publishes_no_other(herald: Herald) -> None:
    token = ask_token(herald, "herald/book.deleted").raise_for_status().json()["access_token"]
    answer = post(herald, new_event(new_address()), token)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (403, "/type")


def test_no_token_is_given_for_an_unknown_scope_or_a_wrong_secret(herald: Herald) -> None:
    assert ask_token(herald, "herald/other").status_code == 400
    assert ask_token(herald, client_secret="wrong").status_code in (400, 401)


def test_a_client_as_the_page_makes_it_is_let_in_once_it_is_named(herald: Herald) -> None:
    page = (ROOT / "docs" / "publishing.md").read_text()
    [command] = re.findall(r"\$ (aws cognito-idp create-user-pool-client (?:.*\\\n)*.*)", page)
    _, _, _, *words = shlex.split(command.replace("\\\n", " "))
    authorizers = herald.clients.make_client("apigatewayv2")
    api = herald.names.events_api["url"].split("/execute-api/")[1].partition("/")[0]
    [authorizer] = authorizers.get_authorizers(ApiId=api)["Items"]
    pool = authorizer["JwtConfiguration"]["Issuer"].rpartition("/")[2]
    assert authorizer["JwtConfiguration"]["Issuer"] == f"https://cognito-idp.{REGION}.amazonaws.com/{pool}"
    made = herald.clients.cognito.create_user_pool_client(**_arguments(words) | {"UserPoolId": pool})["UserPoolClient"]
    client = {"client_id": made["ClientId"], "client_secret": made["ClientSecret"]}
    token = ask_token(herald, None, **client).raise_for_status().json()["access_token"]
    assert ask_token(herald, "herald/book.deleted", **client).status_code == 400, "its scopes do not have it"
    event = new_event(new_address())
    assert post(herald, event, token).status_code == 401
    configuration = authorizer["JwtConfiguration"]
    authorizers.update_authorizer(
        ApiId=api,
        AuthorizerId=authorizer["AuthorizerId"],
        JwtConfiguration=configuration | {"Audience": [*configuration["Audience"], made["ClientId"]]},
    )
    assert post(herald, event, token).status_code == 202


def _arguments(words: list[str]) -> dict[str, Any]:
    """Options of the AWS CLI as botocore takes them."""
    found: dict[str, Any] = {}
    for number, word in enumerate(words):
        if word.startswith("--"):
            name = "".join(part.capitalize() for part in word[2:].split("-"))
            value = words[number + 1] if number + 1 < len(words) and not words[number + 1].startswith("--") else True
            found[name] = [value] if name in ("AllowedOAuthFlows", "AllowedOAuthScopes") else value
    return found
