"""The pages as a browser without JavaScript uses them."""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from fakes.oidc_issuer import Issuer
from function.ledger.attributes import serialize_item
from function.ledger.keys import event_key
from tests.integration.webapp.conftest import Browser, Cloud
from webapp.composition import Services

BOOK = "/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"


def add(browser: Browser, title: str = "Middlemarch") -> str:
    """Add a book by the form; its id."""
    page = browser.submit("/books", title=title, author="George Eliot", isbn="")
    assert page.status_code == 200
    [book_id, *_] = re.findall(r'id="book-([0-9A-Z]{26})"', page.text)
    return str(book_id)


def test_a_stranger_is_welcomed_and_sees_no_books(anyone: TestClient) -> None:
    page = anyone.get("/")
    assert page.status_code == 200
    assert "get one mail" in page.text
    assert 'href="/sign-in"' in page.text


def test_a_book_added_by_the_form_shows_its_mail(browser: Browser) -> None:
    book_id = add(browser)
    page = browser.get("/")
    assert "Middlemarch" in page.text
    assert "ada@example.com" in page.text
    assert f'data-mail="{book_id}"' in page.text
    assert "The book and its event were committed together." in page.text


def test_the_page_tells_why_there_was_no_mail(browser: Browser, services: Services, cloud: Cloud) -> None:
    book_id = add(browser)
    [event] = services.outbox.list_by_subject(f"books/{book_id}")
    key = event_key("urn:herald:webapp", event.id)
    rows = [{"state": "suppressed", "at": event.committed_at + 500, "release": "7"}]
    why = {"reason": "a permanent bounce <b>", "reason_code": "recipient_suppressed"}
    record = {"pk": "message#m-1", "state": "suppressed", "timeline": rows, **why}
    for values in ({"pk": key, "message_id": "m-1"}, record):
        cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(values))
    page = browser.get(f"/books/{book_id}")
    assert "Not sent" in page.text
    assert "address is on the suppression list." in page.text
    assert "a permanent bounce" not in page.text, "whatever words others wrote"
    assert 'data-open="no"' in page.text


def test_one_request_of_the_script_brings_the_mails_of_all_books(browser: Browser) -> None:
    books = [add(browser, title) for title in ("One", "Two", "Three")]
    fragments = browser.get("/mails", params={"book": books}).text
    assert re.findall(r'<div class="mail" data-mail="([0-9A-Z]+)"', fragments) == books
    assert "<html" not in fragments


@pytest.mark.parametrize("books", [[], ["x"], ["01KAJ8V3Q0S5T2M9Z6E1B4C7D8"]])
def test_mails_of_no_book_of_ones_own_are_not_there(browser: Browser, books: list[str]) -> None:
    assert browser.get("/mails", params={"book": books}).status_code in {404, 422}


@pytest.mark.parametrize("title", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</title><b>"])
def test_no_title_becomes_markup(browser: Browser, title: str) -> None:
    book_id = add(browser, title)
    for path in ("/", f"/books/{book_id}"):
        text = browser.get(path).text
        assert title not in text
        assert title in html.unescape(text)


def test_no_title_becomes_a_template(browser: Browser) -> None:
    book_id = add(browser, "{{ 7*7 }}{% raise %}")
    assert "{{ 7*7 }}{% raise %}" in browser.get(f"/books/{book_id}").text


def test_what_is_wrong_in_the_form_is_said_beside_the_field(browser: Browser, cloud: Cloud) -> None:
    page = browser.submit("/books", title=" ", author="", isbn="123-456-789")
    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == 3
    assert 'value="123-456-789"' in page.text
    assert not cloud.rows("book")


def test_a_book_is_deleted_after_a_question_that_names_it(browser: Browser, cloud: Cloud) -> None:
    book_id = add(browser, "Silas & Marner")
    question = browser.get(f"/books/{book_id}/delete").text
    assert 'Delete “<span dir="auto">Silas &amp; Marner</span>”?' in question
    assert len(cloud.rows("book")) == 1
    page = browser.submit(f"/books/{book_id}/delete")
    assert page.status_code == 200
    assert not cloud.rows("book")


def test_a_deleted_book_still_tells_what_happened_to_its_mails(
    browser: Browser, services: Services, issuer: Issuer
) -> None:
    book_id = add(browser, "Silas Marner")
    page = browser.submit(f"/books/{book_id}/delete").text
    assert "This book is deleted." in page
    assert "Silas Marner" in page
    assert page.count("<details") == 2, "the mail about adding it, and the one about deleting it"
    assert browser.get(f"/books/{book_id}/edit").status_code == 404
    bob = Browser(services, issuer)
    bob.sign_in(sub="bob-1900", email="bob@example.com")
    assert bob.get(f"/books/{book_id}").status_code == 404


def test_a_deleted_book_is_told_with_its_title_as_long_as_that_is_kept(browser: Browser, cloud: Cloud) -> None:
    book_id = add(browser)
    browser.submit(f"/books/{book_id}/delete")
    for row in cloud.rows("outbox"):
        key = {name: row[name] for name in ("pk", "sk")}
        cloud.dynamodb.update_item(TableName="herald-books", Key=key, UpdateExpression="REMOVE body")
    assert "Middlemarch" in browser.get(f"/books/{book_id}").text, "also when its events were erased"
    [left] = cloud.rows("deleted book")
    cloud.dynamodb.delete_item(TableName="herald-books", Key={name: left[name] for name in ("pk", "sk")})
    assert "A deleted book" in browser.get(f"/books/{book_id}").text


def test_of_two_mails_about_a_book_each_says_what_it_tells(browser: Browser) -> None:
    book_id = add(browser)
    assert "Mail about adding it" not in browser.get(f"/books/{book_id}").text
    page = browser.submit(f"/books/{book_id}/delete").text
    assert page.index("Mail about adding it") < page.index("Mail about deleting it")
    browser.headers["Accept-Language"] = "de"
    assert "Mail zum Löschen" in browser.get(f"/books/{book_id}").text
    assert browser.get("/why").text.count("Mail zum Löschen") == 1


def test_nothing_is_changed_by_a_get(browser: Browser, cloud: Cloud) -> None:
    book_id = add(browser)
    for method in ("GET", "HEAD"):
        for path in ("delete", "edit"):
            assert browser.request(method, f"/books/{book_id}/{path}").status_code == 200
    assert browser.get("/books").status_code == 405
    assert [row["version"] for row in cloud.rows("book")] == [{"N": "1"}]


def test_the_link_in_a_mail_leads_back_after_signing_in(anyone: TestClient) -> None:
    book = "/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"
    answer = anyone.get(book, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?then={book}")


def test_pages_carry_no_inline_script_or_style_and_call_no_other_host(browser: Browser) -> None:
    book_id = add(browser)
    for path in ("/", f"/books/{book_id}", "/problems", "/nowhere"):
        text = browser.get(path).text
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|javascript:", text)
        assert not re.search(r'(?:src|action)="(?:https?:)?//', text)
    assert len(browser.get("/static/herald.js").text.splitlines()) < 100


def test_a_browser_is_told_of_problems_on_a_page(browser: Browser) -> None:
    page = browser.get("/nowhere")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "Nothing here" in page.text


def test_older_books_are_a_page_away(browser: Browser) -> None:
    for number in range(12):
        add(browser, f"Volume {number}")
    [after] = re.findall(r'href="(/\?after=[^"]+)"', browser.get("/").text)
    assert browser.get(after).text.count('class="card book"') == 2
    assert browser.get("/?after=nonsense").status_code == 404


def test_signed_out_forms_lead_to_the_door(stranger: Browser, cloud: Cloud) -> None:
    paths = {"/books": "/", f"{BOOK}/delete": f"{BOOK}/delete", f"{BOOK}/edit": f"{BOOK}/edit"}
    for path, then in paths.items():
        leads = stranger.submit(path, follow=False, title="T", author="A").headers["location"]
        assert parse_qs(urlsplit(leads).query)["then"] == [then]
    assert stranger.get("/mails", params={"book": BOOK.removeprefix("/books/")}).status_code == 401
    assert not cloud.rows("book")


def test_a_page_that_is_not_there_shows_who_is_signed_in(browser: Browser, stranger: Browser) -> None:
    for path in ("/nowhere", "/books/x", "/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8", "/v2"):
        page = browser.get(path)
        assert page.status_code == 404
        assert "ada@example.com" in page.text
    browser.cookies.clear()
    assert "Sign out" not in browser.get("/nowhere").text


def test_files_are_kept_for_a_while_and_pages_never(browser: Browser) -> None:
    file = browser.get("/static/herald.css")
    assert file.headers["cache-control"] == "public, max-age=300"
    again = browser.get("/static/herald.css", headers={"If-None-Match": file.headers["etag"]})
    assert again.status_code == 304
    for path in ("/", "/nowhere", "/static/nowhere.css"):
        assert browser.get(path).headers["cache-control"] == "no-store"
