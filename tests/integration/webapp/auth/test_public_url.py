"""Behind a CDN or a custom domain the app is called otherwise than by its public URL, which alone counts."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from tests.integration.webapp.conftest import HERE, Cloud
from tests.integration.webapp.issuer import Issuer
from webapp.app import create_app
from webapp.composition import Parts

ORIGIN_HOST = "https://api1234567.execute-api.us-east-1.amazonaws.com"


@pytest.fixture
def cdn(parts: Parts) -> TestClient:
    """A browser at https://herald.example, whose requests reach the app by the name of the API."""
    headers = HERE | {"Accept": "text/html"}
    return TestClient(create_app(parts), base_url=ORIGIN_HOST, headers=headers, raise_server_exceptions=False)


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


def test_cookies_follow_the_public_url(cdn: TestClient) -> None:
    cookies = cdn.get("/sign-in", params={"here": "yes"}, follow_redirects=False).headers.get_list("set-cookie")
    assert cookies
    assert all(cookie.startswith("__Host-") and "; Secure" in cookie for cookie in cookies)
