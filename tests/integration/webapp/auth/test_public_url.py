"""Behind a CDN or a custom domain the app is called otherwise than by its public URL, which alone counts."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import URL

from fakes.oidc_issuer import Issuer
from tests.integration.webapp.conftest import HERE, Browser, Cloud
from webapp.app import create_app
from webapp.auth.issuer import Issuer as OidcIssuer
from webapp.composition import Services, build_client_registration

ORIGIN_HOST = "https://api1234567.execute-api.us-east-1.amazonaws.com"


@pytest.fixture
def cdn(services: Services) -> TestClient:
    """A browser at https://herald.example, whose requests reach the app by the name of the API."""
    headers = HERE | {"Accept": "text/html"}
    return TestClient(create_app(services), base_url=ORIGIN_HOST, headers=headers, raise_server_exceptions=False)


def sign_in(cdn: TestClient, issuer: Issuer) -> None:
    first = cdn.get("/sign-in", follow_redirects=False).headers["location"]
    assert first.startswith("https://herald.example/sign-in?")
    page = cdn.get(first.removeprefix("https://herald.example"), follow_redirects=False).headers["location"]
    assert page.startswith(issuer.url), "led to the public name once and never in a circle"
    assert parse_qs(urlsplit(page).query)["redirect_uri"] == ["https://herald.example/sign-in/done"]
    done = cdn.get("/sign-in/done", params=issuer.sign_in(page), follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, "/")


def test_signing_in_and_a_form_work_behind_a_cdn(cdn: TestClient, issuer: Issuer, cloud: Cloud) -> None:
    sign_in(cdn, issuer)
    page = cdn.get("/").text
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    added = cdn.post("/books", data={"csrf": csrf, "title": "T", "author": "A"}, follow_redirects=False)
    assert added.status_code == 303
    assert len(cloud.rows("book")) == 1
    assert "execute-api" not in page + str(added.headers) + str(cloud.rows("outbox"))


@pytest.mark.parametrize(
    "origin", [ORIGIN_HOST, "http://herald.example", "https://herald.example:8443", "https://herald.example.", "null"]
)
def test_another_origin_is_refused_whatever_the_host_says(
    cdn: TestClient, issuer: Issuer, cloud: Cloud, origin: str
) -> None:
    sign_in(cdn, issuer)
    csrf = cdn.get("/").text.partition('name="csrf" value="')[2].partition('"')[0]
    fields = {"csrf": csrf, "title": "T", "author": "A"}
    assert cdn.post("/books", data=fields, headers={"Origin": origin}).status_code == 403
    assert not cloud.rows("book")


ODD = [
    {"Host": "evil.example"},
    {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
    {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Port": "8080", "X-Original-URL": "https://evil.example/"},
    {"Forwarded": 'for=203.0.113.9;host="evil.example";proto=http', "X-Forwarded-Prefix": "//evil.example"},
    {"X-Forwarded-Server": "evil.example", "X-Host": "evil.example", "CloudFront-Forwarded-Proto": "http"},
]
PAGES = ["/", "/why", "/settings", "/settings/delete", "/deleted-books", "/operations", "/nowhere", "/problems"]
PUBLIC = [
    "https://herald.example",
    "https://books.example.co.uk",
    "https://books.example:8443",
    "http://localhost:8000",
]


@pytest.mark.parametrize("public_url", PUBLIC)
@pytest.mark.parametrize("odd", ODD, ids=" ".join)
def test_no_page_redirect_cookie_or_event_says_another_name(
    services: Services, issuer: Issuer, cloud: Cloud, public_url: str, odd: dict[str, str]
) -> None:
    settings = services.settings.model_copy(update={"public_url": public_url})
    registered = OidcIssuer(
        services.issuer._discovery, services.verifier, build_client_registration(settings, services.secrets)
    )
    browser = Browser(replace(services, settings=settings, issuer=registered), issuer)
    browser.base_url = URL(ORIGIN_HOST if public_url.startswith("https:") else public_url)
    browser.headers.update({"Origin": public_url, **odd})
    page = browser.get("/sign-in", params={"here": "yes"}, follow_redirects=False).headers["location"]
    assert parse_qs(urlsplit(page).query)["redirect_uri"] == [f"{public_url}/sign-in/done"]
    answers = [browser.get("/sign-in/done", params=issuer.sign_in(page), follow_redirects=False)]
    answers += [browser.get(path) for path in PAGES]
    fields = {"csrf": browser.csrf(), "title": "T", "author": "A"}
    answers += [browser.post("/books", data=fields, follow_redirects=False)]
    answers += [browser.post("/sign-out", data=fields, follow_redirects=False), browser.get("/settings/delete")]
    document = browser.get("/v1/openapi.json").json()
    assert document["servers"][0]["url"] == public_url
    problem = browser.get("/v1/nowhere", headers={"Accept": "application/json"}).json()
    assert problem["type"].startswith(f"{public_url}/problems/")
    [event] = cloud.rows("outbox")
    assert f"{public_url}/books/" in event["body"]["S"]
    assert ("__Host-" in str(answers[0].headers)) == ("; Secure" in str(answers[0].headers)) == ("https" in public_url)
    told = "".join(str(answer.headers) + answer.text for answer in answers) + str(document) + str(event)
    assert "evil.example" not in told
    assert "execute-api" not in told


def test_cookies_follow_the_public_url(cdn: TestClient) -> None:
    cookies = cdn.get("/sign-in", params={"here": "yes"}, follow_redirects=False).headers.get_list("set-cookie")
    assert cookies
    assert all(cookie.startswith("__Host-") and "; Secure" in cookie for cookie in cookies)
