"""The mail about a book, as the notifier's own code writes it, on a page of its own."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from package.notifications.catalogue import compile_catalogue
from tests.integration.webapp.conftest import Browser
from tests.integration.webapp.pages.test_pages import add
from webapp.composition import Services
from webapp.settings import WebSettings


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    compile_catalogue(folder)
    return folder


@pytest.fixture
def settings(settings: WebSettings, compiled: Path) -> WebSettings:

    return settings.model_copy(update={"catalogue": compiled})


def preview_of(browser: Browser, services: Services, title: str) -> str:
    """The address of the preview of the mail about a new book."""
    book_id = add(browser, title)
    [event] = services.outbox.list_by_subject(f"books/{book_id}")
    return f"/books/{book_id}/preview?event={event.id}"


def test_the_preview_shows_subject_text_and_the_frame(browser: Browser, services: Services) -> None:
    address = preview_of(browser, services, "Middlemarch")
    page = browser.get(address)
    assert page.status_code == 200
    assert "Added to your books: Middlemarch" in page.text
    assert "George Eliot" in page.text
    assert "sandbox=" in page.text


def test_the_frame_runs_nothing_and_fetches_nothing(browser: Browser, services: Services) -> None:
    title = "<script>alert(1)</script>" + '"><img src=x onerror=alert(1)>'
    frame = browser.get(preview_of(browser, services, title).replace("/preview?", "/preview/html?"))
    policy = frame.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "<script>alert" not in frame.text
    assert "<img src=x" not in frame.text


def test_nobody_sees_the_mail_about_anothers_book(browser: Browser, services: Services) -> None:
    address = preview_of(browser, services, "Middlemarch")
    assert browser.get(address.replace("event=", "event=no")).status_code == 404


def test_a_stranger_comes_back_to_the_very_preview_after_signing_in(browser: Browser, services: Services) -> None:
    address = preview_of(browser, services, "Middlemarch")
    browser.cookies.clear()
    led = httpx2.URL(browser.get(address, follow_redirects=False).headers["location"])
    assert led.path == "/sign-in"
    assert browser.sign_in(led.params["then"]).headers["location"] == address


def test_a_catalogue_that_is_not_there_is_said(browser: Browser, services: Services, compiled: Path) -> None:
    address = preview_of(browser, services, "Middlemarch")
    (compiled / "catalogue.json").rename(compiled / "gone")
    try:
        from operations import preview

        preview._load_catalogue.cache_clear()
        page = browser.get(address)
    finally:
        (compiled / "gone").rename(compiled / "catalogue.json")
    assert page.status_code == 404
    assert "not there yet" in page.text


def test_the_preview_has_the_unsubscribe_link_of_the_real_mail(browser: Browser, services: Services) -> None:
    address = preview_of(browser, services, "Middlemarch")
    frame = browser.get(address.replace("/preview?", "/preview/html?"))
    for text in (browser.get(address).text, frame.text):
        [link, *_] = re.findall(r"https://herald\.example(/unsubscribe/[A-Za-z0-9._-]+)", text)
        assert browser.get(link).status_code == 200
