"""The pages as a browser without JavaScript uses them."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from function.ledger.attributes import serialize_item
from function.ledger.keys import event_key
from tests.integration.webapp.conftest import Browser, Cloud
from webapp.composition import Parts


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
    assert f'data-mail="/books/{book_id}/mail"' in page.text
    assert "The book and its event were committed together." in page.text


def test_the_page_tells_why_there_was_no_mail(browser: Browser, parts: Parts, cloud: Cloud) -> None:
    book_id = add(browser)
    [event] = parts.outbox.of_subject(f"books/{book_id}")
    key = event_key("urn:herald:webapp", event.id)
    rows = [{"state": "suppressed", "at": event.committed_at + 500, "release": "7"}]
    record = {"pk": "message#m-1", "state": "suppressed", "reason": "a permanent bounce <b>", "timeline": rows}
    for values in ({"pk": key, "message_id": "m-1"}, record):
        cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(values))
    page = browser.get(f"/books/{book_id}")
    assert "Not sent" in page.text
    assert "a permanent bounce &lt;b&gt;" in page.text
    assert 'data-open="no"' in page.text


def test_the_fragment_for_the_script_is_the_mail_alone(browser: Browser) -> None:
    fragment = browser.get(f"/books/{add(browser)}/mail")
    assert fragment.text.startswith('<div class="mail"')
    assert "<html" not in fragment.text


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


def test_a_book_is_deleted_by_a_form(browser: Browser, cloud: Cloud) -> None:
    book_id = add(browser)
    assert browser.submit(f"/books/{book_id}/delete").status_code == 200
    assert not cloud.rows("book")
    assert browser.get(f"/books/{book_id}").status_code == 404


def test_nothing_is_changed_by_a_get(browser: Browser, cloud: Cloud) -> None:
    book_id = add(browser)
    for method, path in (("GET", f"/books/{book_id}/delete"), ("HEAD", f"/books/{book_id}/delete"), ("GET", "/books")):
        assert browser.request(method, path).status_code == 405
    assert len(cloud.rows("book")) == 1


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
    for path in ("/books", "/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8/delete"):
        assert "get one mail" in stranger.submit(path, title="T", author="A").text
    assert stranger.get("/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8/mail").status_code == 401
    assert not cloud.rows("book")
