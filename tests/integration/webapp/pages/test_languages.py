"""Language and time zone: chosen, asked for or said, and followed by pages, dates and mails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fakes.oidc_issuer import Issuer
from tests.integration.webapp.conftest import Browser, Clock, Cloud, client_with
from tests.integration.webapp.pages.test_pages import add
from webapp.composition import Services
from webapp.user_locale import negotiate_language

BOOK = {"title": "T", "author": "A"}


def list_languages(cloud: Cloud) -> list[str]:
    """The languages of the events, oldest first."""
    rows = sorted(cloud.rows("outbox"), key=lambda row: int(row["committed_at"]["N"]))
    events: list[dict[str, Any]] = [json.loads(row["body"]["S"]) for row in rows]
    return [event["data"]["recipient"]["locale"] for event in events]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de", "de"),
        ("DE-at, en;q=0.9", "de"),
        ("fr, de;q=0.3, en;q=0.2", "de"),
        ("en;q=0.2,de;q=0.20", "en"),
        ("en;q=0, de;q=0.001", "de"),
        ("de;q=0", None),
        ("fr", None),
        ("*", None),
        ("", None),
        ("de;q=nan, en;q=9", None),
        (",,;q=1,de-,-de,deutsch", None),
        ("x" * 5000, None),
        ("fr," * 40 + "de", None),
    ],
)
def test_what_a_browser_asks_for(header: str, language: str | None) -> None:
    assert negotiate_language(header) == language


def test_a_stranger_reads_in_the_language_of_the_browser(stranger: Browser) -> None:
    page = stranger.get("/", headers={"Accept-Language": "de"})
    assert '<html lang="de">' in page.text
    assert "Ein Buch hinzufügen" in page.text
    assert page.headers["Content-Language"] == "de"
    assert '<html lang="en">' in stranger.get("/").text


def test_a_choice_is_followed_by_pages_dates_and_mails(browser: Browser, cloud: Cloud, clock: Clock) -> None:
    book = add(browser)
    assert "21 Nov 2026, 08:00 UTC" in browser.get(f"/books/{book}").text
    answer = browser.submit("/settings/reading", language="de", zone="america/new_york")
    assert "Ihre Wahl ist gemerkt." in answer.text
    page = browser.get(f"/books/{book}", headers={"Accept-Language": "en"}).text
    assert "21. Nov. 2026, 03:00 EST" in page
    assert "Was mit der Mail geschah" in page
    clock.forward(1)
    add(browser)
    clock.forward(1)
    browser.submit(f"/books/{book}/delete")
    assert list_languages(cloud) == ["en-GB", "de", "de"]


def test_a_choice_is_followed_by_the_api_and_by_the_next_session(
    browser: Browser, ada: TestClient, services: Services, issuer: Issuer, cloud: Cloud
) -> None:
    browser.submit("/settings/reading", language="de", zone="Asia/Kathmandu")
    assert ada.post("/v1/books", json=BOOK, headers={"Accept-Language": "en"}).status_code == 201
    assert list_languages(cloud) == ["de"]
    elsewhere = Browser(services, issuer)
    elsewhere.sign_in()
    assert 'value="Asia/Kathmandu"' in elsewhere.get("/settings").text
    assert "13:45 +0545" in elsewhere.get("/settings").text


def test_a_session_that_is_renewed_learns_of_a_choice(
    browser: Browser, services: Services, issuer: Issuer, clock: Clock
) -> None:
    elsewhere = Browser(services, issuer)
    elsewhere.sign_in()
    browser.submit("/settings/reading", language="de", zone="")
    assert '<html lang="en">' in elsewhere.get("/").text
    clock.forward(901)
    assert '<html lang="de">' in elsewhere.get("/").text


def test_without_a_choice_the_browser_is_followed_then_the_issuer(
    browser: Browser, services: Services, issuer: Issuer, cloud: Cloud, clock: Clock
) -> None:
    browser.headers["Accept-Language"] = "de"
    add(browser)
    clock.forward(1)
    said = client_with(services, issuer.token(locale="de-AT", zoneinfo="Europe/Vienna"))
    said.post("/v1/books", json=BOOK)
    assert list_languages(cloud) == ["de", "de-AT"]
    del browser.headers["Accept-Language"]
    browser.sign_in(locale="de-AT", zoneinfo="Europe/Vienna")
    assert "Europe/Vienna" in browser.get("/settings").text
    assert '<html lang="de">' in browser.get("/").text


def test_a_choice_can_be_taken_back(browser: Browser) -> None:
    browser.submit("/settings/reading", language="de", zone="Europe/Berlin")
    browser.submit("/settings/reading", language="", zone="")
    page = browser.get("/settings").text
    assert '<html lang="en">' in page
    assert "where it is 21 Nov 2026, 08:00 UTC" in page


@pytest.mark.parametrize(
    "zone",
    [
        "Mars/Phobos",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe",
        "localtime",
        "Europe/Berlin\0",
        "Ë",
        "x" * 64,
        "UTC+1",
    ],
)
def test_an_unknown_zone_is_refused_in_one_sentence_and_nothing_is_lost(browser: Browser, zone: str) -> None:
    answer = browser.submit("/settings/reading", language="de", zone=zone)
    assert answer.status_code == 422
    assert answer.text.count("There is no time zone of this name: choose one such as Europe/Berlin.") == 1
    assert '<option value="de" lang="de" selected>' in answer.text
    assert '<html lang="en">' in browser.get("/").text


@pytest.mark.parametrize("language", ["fr", "DE", "../de", "de\n"])
def test_an_unknown_language_is_refused(browser: Browser, language: str) -> None:
    answer = browser.submit("/settings/reading", language=language, zone="")
    assert answer.status_code == 422
    assert "The pages do not know this language." in answer.text


def test_a_zone_that_this_machine_does_not_know_is_utc(browser: Browser, services: Services, issuer: Issuer) -> None:
    browser.sign_in(zoneinfo="Not/AZone")
    assert "UTC" in browser.get("/settings").text


def test_the_budgets_refusal_and_errors_of_fields_are_translated(browser: Browser) -> None:
    browser.headers["Accept-Language"] = "de"
    for blank in ("", " ", "\u00a0\t"):
        assert "Bitte ausfüllen." in browser.submit("/books", title=blank, author="A").text
    assert "Höchstens 500 Zeichen." in browser.submit("/books", title="x" * 501, author="A").text
    assert "Hier ist nichts" in browser.get("/nowhere").text


def test_a_deleted_book_is_reached_from_the_shelf_and_from_why(browser: Browser, cloud: Cloud) -> None:
    book = add(browser)
    browser.submit(f"/books/{book}/delete")
    assert 'href="/deleted-books"' in browser.get("/").text
    shown = browser.get("/deleted-books").text
    assert f'href="/books/{book}"' in shown
    assert "Deleted on 21 Nov 2026, 08:00 UTC" in shown
    story = browser.get(f"/books/{book}").text
    assert story.count("<details") == 2
    assert f"/books/{book}" in browser.get("/why").text


def test_deleted_books_are_the_readers_own_page_by_page(browser: Browser, bob: TestClient, clock: Clock) -> None:
    theirs = bob.post("/v1/books", json=BOOK).headers["location"]
    bob.delete(theirs)
    for _ in range(11):
        clock.forward(1)
        browser.submit(f"/books/{add(browser)}/delete")
    first = browser.get("/deleted-books").text
    assert first.count("Deleted on") == 10
    assert theirs.rpartition("/")[2] not in first
    after = first.partition("/deleted-books?after=")[2].partition('"')[0]
    assert browser.get(f"/deleted-books?after={after}").text.count("Deleted on") == 1
    assert browser.get("/deleted-books?after=nonsense").status_code == 404
