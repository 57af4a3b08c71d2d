"""Signing in by authorization code with PKCE, at a real issuer on loopback."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from fakes.oidc_issuer import NAME, Issuer
from tests.integration.webapp.conftest import HERE, Browser, Clock, Cloud
from webapp.composition import Services

SESSION = "__Host-herald"
BOOK = "/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"


def request_sign_in(browser: Browser, **parameters: str) -> dict[str, str]:
    """What the browser takes along to the issuer's page."""
    page = browser.get("/sign-in", params=parameters, follow_redirects=False).headers["location"]
    return {name: value for name, [value] in parse_qs(urlsplit(page).query).items()}


def page_of(browser: Browser) -> str:
    """The address of the issuer's page for a new sign-in."""
    return str(browser.get("/sign-in", follow_redirects=False).headers["location"])


def is_signed_in(browser: Browser) -> bool:
    return "My books" in browser.get("/").text


def test_the_issuer_is_asked_for_a_code_bound_to_this_browser(stranger: Browser) -> None:
    question, another = request_sign_in(stranger), request_sign_in(stranger)
    assert question["response_type"] == "code"
    assert question["redirect_uri"] == "https://herald.example/sign-in/done"
    assert question["code_challenge_method"] == "S256"
    assert "openid" in question["scope"].split()
    secret = {"state", "nonce", "code_challenge"}
    assert all(len(question[name]) >= 43 and question[name] != another[name] for name in secret)


def test_a_code_signs_in_and_leads_back(stranger: Browser) -> None:
    answer = stranger.sign_in(then=BOOK)
    assert (answer.status_code, answer.headers["location"]) == (303, BOOK)
    assert is_signed_in(stranger)


def test_the_session_cookie_is_out_of_reach(stranger: Browser) -> None:
    cookies = stranger.sign_in().headers.get_list("set-cookie")
    [session] = [cookie for cookie in cookies if cookie.startswith(f"{SESSION}=")]
    assert set(session.split("; ")[1:]) == {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"}
    assert len(session) < 4096


def test_nothing_of_the_session_can_be_read_from_the_cookie(stranger: Browser, issuer: Issuer) -> None:
    stranger.sign_in()
    cookie = stranger.cookies[SESSION]
    [refresh_token] = issuer.granted
    readable = f"{cookie} {base64.urlsafe_b64decode(cookie)!r}"
    assert not any(text in readable for text in (refresh_token, "ada-1815", "ada@example.com"))


@pytest.mark.parametrize("spoilt", ["state", "code"])
def test_another_state_or_code_signs_nobody_in(stranger: Browser, issuer: Issuer, spoilt: str) -> None:
    brought = issuer.sign_in(page_of(stranger)) | {spoilt: "x" * 43}
    assert stranger.get("/sign-in/done", params=brought).status_code == 400
    assert not is_signed_in(stranger)


def test_a_code_of_another_browsers_sign_in_is_refused(stranger: Browser, services: Services, issuer: Issuer) -> None:
    """Login CSRF: the attacker's own code, handed to the victim."""
    attackers = issuer.sign_in(page_of(Browser(services, issuer)))
    assert stranger.get("/sign-in/done", params=attackers).status_code == 400
    own_state = request_sign_in(stranger)["state"]
    assert stranger.get("/sign-in/done", params=attackers | {"state": own_state}).status_code == 400
    assert not is_signed_in(stranger)


def test_a_code_works_once(stranger: Browser, issuer: Issuer) -> None:
    brought = issuer.sign_in(page_of(stranger))
    kept = dict(stranger.cookies)
    assert stranger.get("/sign-in/done", params=brought).status_code == 200
    stranger.cookies.clear()
    stranger.cookies.update(kept)
    assert stranger.get("/sign-in/done", params=brought).status_code == 400


def test_the_nonce_ties_the_token_to_the_question(stranger: Browser, issuer: Issuer) -> None:
    brought = issuer.sign_in(page_of(stranger))
    issuer.granted[brought["code"]]["nonce"] = "of another sign-in"
    assert stranger.get("/sign-in/done", params=brought).status_code == 400


def test_an_answer_that_comes_too_late_is_refused(stranger: Browser, issuer: Issuer, clock: Clock) -> None:
    brought = issuer.sign_in(page_of(stranger))
    clock.forward(15 * 60 + 1)
    assert stranger.get("/sign-in/done", params=brought).status_code == 400


def test_an_answer_in_another_issuers_name_is_refused(stranger: Browser, issuer: Issuer) -> None:
    """Mix-up: https://datatracker.ietf.org/doc/html/rfc9207"""
    brought = issuer.sign_in(page_of(stranger))
    assert stranger.get("/sign-in/done", params=brought | {"iss": "https://evil.example"}).status_code == 400
    brought = issuer.sign_in(page_of(stranger))
    assert stranger.get("/sign-in/done", params=brought | {"iss": NAME}).status_code == 200


@pytest.mark.parametrize(
    "claims", [{"email_verified": False}, {"aud": "another"}, {"iss": "x"}, {"token_use": "access"}]
)
def test_a_token_that_the_api_would_refuse_signs_nobody_in(stranger: Browser, claims: dict[str, Any]) -> None:
    assert stranger.sign_in(**claims).status_code == 401
    assert not is_signed_in(stranger)


def test_whoever_turns_back_at_the_issuers_page_is_no_error(stranger: Browser) -> None:
    state = request_sign_in(stranger)["state"]
    brought = {"error": "access_denied", "state": state}
    answer = stranger.get("/sign-in/done", params=brought, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_an_issuer_that_does_not_answer_is_said(stranger: Browser, issuer: Issuer) -> None:
    brought = issuer.sign_in(page_of(stranger))
    issuer.broken = True
    assert stranger.get("/sign-in/done", params=brought).status_code == 503


@pytest.mark.parametrize(
    "then",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        f"{BOOK}/../..//evil.example",
        "javascript:alert(1)",
        "/%2f%2fevil.example",
        "/\tevil",
        "/books\r\nLocation: https://evil.example",
        "/sign-in",
    ],
)
def test_signing_in_leads_only_to_own_pages(stranger: Browser, then: str) -> None:
    assert stranger.sign_in(then=then).headers["location"] == "/"


def test_a_search_survives_the_sign_in(stranger: Browser) -> None:
    assert stranger.sign_in(then="/operations?q=a%40example.com&page=2").headers["location"].endswith("page=2")


def test_a_visitor_by_another_name_of_the_host_is_led_to_the_one_that_the_issuer_knows(stranger: Browser) -> None:
    answer = stranger.get("https://other.example/sign-in", params={"then": BOOK}, follow_redirects=False)
    assert answer.headers["location"] == f"https://herald.example/sign-in?then={BOOK.replace('/', '%2F')}&here=yes"


def test_a_session_brought_along_is_replaced(stranger: Browser, services: Services, issuer: Issuer) -> None:
    """Session fixation: the victim signs in in a browser that holds the attacker's cookie."""
    mallory = Browser(services, issuer)
    mallory.sign_in(sub="mallory", email="mallory@example.com")
    fixed = mallory.cookies[SESSION]
    stranger.cookies.set(SESSION, fixed, domain="herald.example", path="/")
    stranger.sign_in()
    assert stranger.cookies[SESSION] != fixed
    assert "ada@example.com" in stranger.get("/").text
    assert "ada@example.com" not in mallory.get("/").text


def test_a_short_session_is_renewed_unnoticed(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    csrf, before = browser.csrf(), browser.cookies[SESSION]
    clock.forward(599)  # the issuer's token is good for 600 s
    assert is_signed_in(browser)
    assert issuer.refreshes == 0
    clock.forward(2)
    assert is_signed_in(browser)
    assert is_signed_in(browser)
    assert issuer.refreshes == 1
    assert browser.cookies[SESSION] != before
    assert browser.csrf() == csrf


def test_a_session_lives_no_longer_than_the_setting(services: Services, issuer: Issuer, clock: Clock) -> None:
    hasty = Browser(replace(services, settings=services.settings.model_copy(update={"session_seconds": 60})), issuer)
    hasty.sign_in()
    clock.forward(61)
    assert is_signed_in(hasty)
    assert issuer.refreshes == 1


def test_a_session_that_the_issuer_does_not_renew_is_over(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    issuer.granted.clear()
    clock.forward(601)
    assert not is_signed_in(browser)


def test_a_session_never_becomes_another_persons(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    issuer.claims = {"sub": "bob-1900", "email": "bob@example.com"}
    clock.forward(601)
    assert not is_signed_in(browser)


def test_an_issuer_that_is_down_does_not_sign_anybody_out(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    clock.forward(601)
    issuer.broken = True
    assert browser.get("/").status_code == 503
    issuer.broken = False
    assert is_signed_in(browser)


def test_signing_out_ends_it_here_and_at_the_issuer(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    stolen = browser.cookies[SESSION]
    answer = browser.submit("/sign-out")
    leads = answer.headers["refresh"].removeprefix("0; url=")
    assert leads.startswith(f"{issuer.url}/logout?")
    assert parse_qs(urlsplit(leads).query)["post_logout_redirect_uri"] == ["https://herald.example/"]
    assert not is_signed_in(browser)
    browser.cookies.set(SESSION, stolen, domain="herald.example", path="/")
    clock.forward(601)
    assert not is_signed_in(browser), "the refresh token was revoked, so a stolen cookie ends by itself"


def test_a_cookie_that_was_tampered_with_is_a_stranger(browser: Browser) -> None:
    cookie = browser.cookies[SESSION]
    for spoilt in (cookie[:-2], "A" + cookie[1:], cookie[:40] + ("B" if cookie[40] == "A" else "A") + cookie[41:], "x"):
        browser.cookies.set(SESSION, spoilt, domain="herald.example", path="/")
        assert not is_signed_in(browser)


def test_the_cookie_of_a_sign_in_under_way_is_no_session(stranger: Browser) -> None:
    request_sign_in(stranger)
    [under_way] = [value for name, value in stranger.cookies.items() if name.startswith("__Host-herald-sign-in-")]
    stranger.cookies.set(SESSION, under_way, domain="herald.example", path="/")
    assert not is_signed_in(stranger)


def test_the_cookie_opens_no_api(browser: Browser) -> None:
    assert browser.get("/v1/books").status_code == 401


FOREIGN = [
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "https://herald.example.evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "https://herald.example", "Sec-Fetch-Site": "same-site"},
]
FORMS = ["/books", f"{BOOK}/delete", "/sign-out"]


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("path", [*FORMS, f"{BOOK}/edit"])
def test_a_form_on_another_site_does_nothing(
    browser: Browser, cloud: Cloud, path: str, foreign: dict[str, str]
) -> None:
    """Not even with the right token."""
    fields = {"title": "T", "author": "A", "csrf": browser.csrf()}
    assert browser.post(path, data=fields, headers=HERE | foreign).status_code == 403
    assert not cloud.rows("book")
    assert is_signed_in(browser)


@pytest.mark.parametrize("csrf", ["", "x" * 32, "ä"])
@pytest.mark.parametrize("path", FORMS)
def test_a_form_without_the_sessions_token_does_nothing(browser: Browser, cloud: Cloud, path: str, csrf: str) -> None:
    assert browser.submit(path, title="T", author="A", csrf=csrf).status_code == 403
    assert not cloud.rows("book")
    assert is_signed_in(browser)


def test_a_token_of_another_session_is_refused(browser: Browser, services: Services, issuer: Issuer) -> None:
    mallory = Browser(services, issuer)
    mallory.sign_in(sub="mallory", email="mallory@example.com")
    assert browser.submit("/sign-out", csrf=mallory.csrf()).status_code == 403


@pytest.mark.parametrize(
    ("groups", "is_operator"),
    [
        (["operators"], True),
        (["readers", "operators"], True),
        ("operators", True),
        (["operator"], False),
        (None, False),
    ],
)
def test_a_claim_makes_an_operator(services: Services, issuer: Issuer, groups: object, *, is_operator: bool) -> None:
    claims: dict[str, Any] = {} if groups is None else {"cognito:groups": groups}
    assert services.verifier.verify(issuer.token(**claims)).operator is is_operator
