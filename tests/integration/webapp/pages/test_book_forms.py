"""The forms of a book: editing it, and what is typed into a form of a session that is over."""

from __future__ import annotations

import base64
import html
import random
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from fakes.oidc_issuer import Issuer
from tests.integration.webapp.admin.conftest import operator, ses, switch
from tests.integration.webapp.conftest import HERE, Browser, Clock, Cloud
from tests.integration.webapp.pages.test_pages import add
from webapp.composition import Services

__all__ = ["operator", "ses", "switch"]

TYPED = {"title": "Adam Bede", "author": "George Eliot", "isbn": "978-0-14-043664-8"}


def read_fields(page: str) -> dict[str, str]:
    """What stands in the fields of a page's form."""
    fields = re.findall(r'<input id="(title|author|isbn)" name="[a-z]+" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in fields}


def read_hidden_field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found
    return found[1]


def end_session(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    issuer.granted.clear()
    clock.forward(901)


def sign_in_again(browser: Browser, issuer: Issuer, leads: str) -> str:
    """Follow where a form led, through the issuer, to the page that comes after."""
    answer = browser.get(leads, follow_redirects=False)
    assert "location" not in answer.headers, "a browser lets no form be redirected to another host"
    page = answer.headers["Refresh"].partition("url=")[2]
    assert html.escape(page, quote=False) in answer.text
    return browser.get("/sign-in/done", params=issuer.sign_in(page)).text


def test_a_book_that_was_typed_after_the_session_ended_is_kept_through_signing_in(
    browser: Browser, issuer: Issuer, cloud: Cloud, clock: Clock
) -> None:
    csrf = browser.csrf()
    end_session(browser, issuer, clock)
    leads = browser.post("/books", data={"csrf": csrf, **TYPED}, follow_redirects=False).headers["location"]
    page = sign_in_again(browser, issuer, leads)
    assert read_fields(page) == TYPED
    assert "What you typed is still here" in page
    assert not cloud.rows("book"), "the person sends it, not the page"
    browser.submit("/books", follow=True, **read_fields(page))
    assert [row["title"] for row in cloud.rows("book")] == [{"S": "Adam Bede"}]
    assert read_fields(browser.get("/").text) == dict.fromkeys(TYPED, ""), "kept once"


def test_the_longest_book_in_any_script_fits_into_a_cookie(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    """Browsers keep cookies of 4096 bytes with name and attributes."""
    end_session(browser, issuer, clock)
    chance = random.Random(7)
    letters = [
        chr(chance.choice((chance.randrange(0x4E00, 0x9FA5), chance.randrange(0x20000, 0x2A6D0)))) for _ in range(800)
    ]
    typed = {"title": "".join(letters[:500]), "author": "".join(letters[500:]), "isbn": ""}
    answer = browser.post("/books", data=typed, follow_redirects=False)
    [cookie] = [each for each in answer.headers.get_list("set-cookie") if "-draft=" in each]
    assert len(cookie) < 4096
    assert read_fields(sign_in_again(browser, issuer, answer.headers["location"])) == typed


def test_language_and_zone_are_kept_through_signing_in(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    csrf = browser.csrf()
    end_session(browser, issuer, clock)
    typed = {"csrf": csrf, "language": "de", "zone": "Europe/Berlin"}
    leads = browser.post("/settings/reading", data=typed, follow_redirects=False).headers["location"]
    page = sign_in_again(browser, issuer, leads)
    assert 'name="zone" value="Europe/Berlin"' in page
    assert re.search('<option value="de"[^>]* selected', page)
    assert "What you typed is still here" in page
    assert 'name="zone" value="Europe/Berlin"' not in browser.get("/settings").text, "kept once, and not yet chosen"


def test_language_and_zone_in_an_old_tab_are_kept(browser: Browser) -> None:
    csrf = browser.csrf()
    browser.submit("/sign-out")
    browser.sign_in()
    page = browser.post("/settings/reading", data={"csrf": csrf, "language": "de", "zone": "Europe/Berlin"})
    assert page.status_code == 403
    assert 'name="zone" value="Europe/Berlin"' in page.text
    assert "What you typed is still here" in page.text


def test_a_search_is_kept_through_signing_in(operator: Browser, issuer: Issuer, clock: Clock) -> None:
    csrf = operator.csrf()
    end_session(operator, issuer, clock)
    for sent_from in ("/operations", "/operations/search"):
        answer = operator.post(
            "/operations/search",
            data={"csrf": csrf, "wanted": "ada@example.com"},
            headers={"Referer": f"https://herald.example{sent_from}"},
            follow_redirects=False,
        )
        assert not any(text in str(answer.headers) for text in ("ada@", "ada%40"))
        page = sign_in_again(operator, issuer, answer.headers["location"])
        assert 'name="wanted" value="ada@example.com"' in page, sent_from
        end_session(operator, issuer, clock)


@pytest.mark.parametrize(
    ("referer", "then"),
    [
        ("https://herald.example/operations/dead?start=25", "/operations/dead?start=25"),
        ("https://herald.example/operations/redrive", "/operations"),
        ("https://herald.example/no/page/here", "/"),
        ("https://herald.example", "/"),
        ("https://herald.example.evil/operations", "/"),
        ("https://evil.example/operations", "/"),
        ("http://[", "/"),
        ("", "/"),
    ],
)
def test_whoever_sends_a_form_signed_out_comes_back_to_its_page(stranger: Browser, referer: str, then: str) -> None:
    answer = stranger.post("/operations/pause", headers={"Referer": referer}, follow_redirects=False)
    assert parse_qs(urlsplit(answer.headers["location"]).query) == {"then": [then], "form": ["yes"]}


def test_what_one_person_typed_is_not_shown_to_the_next(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    csrf = browser.csrf()
    end_session(browser, issuer, clock)
    browser.post("/books", data={"csrf": csrf, **TYPED}, follow_redirects=False)
    browser.sign_in(sub="bob-1900", email="bob@example.com")
    assert "Adam Bede" not in browser.get("/").text
    browser.sign_in()
    assert "Adam Bede" not in browser.get("/").text, "and it is gone"


def test_what_was_typed_cannot_be_read_from_the_cookie(stranger: Browser) -> None:
    stranger.post("/books", data=TYPED, follow_redirects=False)
    [cookie] = stranger.cookies.values()
    readable = f"{cookie} {base64.urlsafe_b64decode(cookie)!r}"
    assert not any(text in readable for text in ("Adam Bede", "Adam+Bede", "Adam%20Bede"))


def test_an_old_tab_loses_nothing(browser: Browser, issuer: Issuer, cloud: Cloud) -> None:
    """The person signed out and in again meanwhile, so the tab's form is of a session that is over."""
    csrf = browser.csrf()
    browser.submit("/sign-out")
    browser.sign_in()
    page = browser.post("/books", data={"csrf": csrf, **TYPED})
    assert page.status_code == 403
    assert read_fields(page.text) == TYPED
    assert not cloud.rows("book")
    browser.post("/books", data={"csrf": read_hidden_field(page.text, "csrf"), **read_fields(page.text)})
    assert len(cloud.rows("book")) == 1


def test_another_sites_form_leaves_nothing_behind(stranger: Browser) -> None:
    foreign = HERE | {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert stranger.post("/books", data=TYPED, headers=foreign).status_code == 403
    assert not stranger.cookies


def test_a_book_is_edited_and_no_mail_goes_out(browser: Browser, cloud: Cloud) -> None:
    path = f"/books/{add(browser)}/edit"
    form = browser.get(path).text
    assert read_fields(form) == {"title": "Middlemarch", "author": "George Eliot", "isbn": ""}
    page = browser.submit(path, version=read_hidden_field(form, "version"), follow=True, **TYPED)
    assert page.url.path == path.removesuffix("/edit")
    assert "Adam Bede" in page.text
    assert "9780140436648" in page.text
    assert len(cloud.rows("outbox")) == 1
    page = browser.submit(path, follow=True, version="2", **TYPED | {"isbn": ""})
    assert "9780140436648" not in page.text


def test_an_edit_of_what_was_changed_meanwhile_shows_both(browser: Browser, ada: TestClient, cloud: Cloud) -> None:
    book_id = add(browser)
    changed = {"title": "Romola"}
    merge = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    assert ada.patch(f"/v1/books/{book_id}", json=changed, headers=merge).status_code == 200
    page = browser.submit(f"/books/{book_id}/edit", follow=True, version="1", **TYPED)
    assert page.status_code == 409
    assert "Romola" in page.text
    assert read_fields(page.text) == TYPED
    browser.submit(f"/books/{book_id}/edit", version=read_hidden_field(page.text, "version"), follow=True, **TYPED)
    assert [row["title"] for row in cloud.rows("book")] == [{"S": "Adam Bede"}]


def test_what_is_wrong_in_an_edit_is_said_beside_the_field(browser: Browser, cloud: Cloud) -> None:
    page = browser.submit(f"/books/{add(browser)}/edit", version="1", title="\u200b", author="A", isbn="")
    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == 1
    assert [row["title"] for row in cloud.rows("book")] == [{"S": "Middlemarch"}]


def test_an_edit_after_the_session_ended_is_kept_through_signing_in(
    browser: Browser, issuer: Issuer, clock: Clock
) -> None:
    path = f"/books/{add(browser)}/edit"
    csrf = browser.csrf()
    end_session(browser, issuer, clock)
    leads = browser.post(path, data={"csrf": csrf, "version": "1", **TYPED}, follow_redirects=False).headers["location"]
    assert urlsplit(leads).path == "/sign-in"
    assert read_fields(sign_in_again(browser, issuer, leads)) == TYPED


@pytest.mark.parametrize("csrf", ["", "x" * 32])
def test_an_edit_without_the_sessions_token_does_nothing(browser: Browser, cloud: Cloud, csrf: str) -> None:
    path = f"/books/{add(browser)}/edit"
    assert browser.submit(path, follow=True, csrf=csrf, version="1", **TYPED).status_code == 403
    assert [row["title"] for row in cloud.rows("book")] == [{"S": "Middlemarch"}]


def test_nobody_edits_or_deletes_anothers_book(
    browser: Browser, services: Services, issuer: Issuer, cloud: Cloud
) -> None:
    book_id = add(browser)
    bob = Browser(services, issuer)
    bob.sign_in(sub="bob-1900", email="bob@example.com")
    for what in ("edit", "delete"):
        assert bob.get(f"/books/{book_id}/{what}").status_code == 404
        assert bob.submit(f"/books/{book_id}/{what}", follow=True, version="1", **TYPED).status_code == 404
    assert [row["title"] for row in cloud.rows("book")] == [{"S": "Middlemarch"}]


@pytest.mark.parametrize("isbn", ["978-0-14-043664-9", "4006381333931", "123"])
def test_a_message_ends_with_one_full_stop_or_question_mark(browser: Browser, isbn: str) -> None:
    [message] = re.findall(r'id="isbn-wrong">([^<]*)<', browser.submit("/books", title="T", author="A", isbn=isbn).text)
    assert re.fullmatch(r".*[^.?][.?]", html.unescape(message))
