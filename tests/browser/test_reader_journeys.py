"""What a reader does beside adding books, each once: editing, deleting, two tabs, language, coming back, leaving."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from laptop.cloud import LaptopCloud
from laptop.cognito.demo_users import DemoUser as Who
from tests.browser.person import MANNERS, Person, at_the_browser
from tests.stack.conftest import Inbox
from tests.stack.events import new_address
from tests.stack.webapp.conftest import PASSWORD, tokens_of
from tests.waiting import LIMIT, eventually


@pytest.fixture
def who(laptop: LaptopCloud) -> Who:
    address = new_address()
    tokens_of(laptop, address, name="Nell")
    return Who("Nell", address, PASSWORD)


@pytest.fixture(scope="module")
def inbox(laptop: LaptopCloud) -> Iterator[Inbox]:
    with httpx.Client(base_url=laptop.descriptor.endpoints["inbox"], trust_env=False, timeout=LIMIT) as http:
        yield Inbox(http)


@pytest.fixture
def person(request: pytest.FixtureRequest, browser: Browser, laptop: LaptopCloud, who: Who) -> Iterator[Person]:
    """This reader, signed in, in the manner that the test says."""
    manner = MANNERS[getattr(request, "param", "with a script")]
    with at_the_browser(browser, laptop.descriptor.endpoints["web"], manner) as one:
        one.signs_in(who)
        yield one


@pytest.mark.parametrize("person", ["by keyboard on a narrow dark screen"], indirect=True)
def test_a_book_is_edited_then_deleted_after_a_question_and_the_mail_about_that_has_its_story(
    person: Person, inbox: Inbox, who: Who
) -> None:
    person.adds_a_book("Romula")
    person.follows("Romula")
    person.follows("Edit")
    person.sees("No mail is sent about a change")
    person.fills({"Title": "Romola"})
    person.finds_nothing_wrong()
    person.presses("Save")
    person.sees("What happened to its mail")
    assert person.page.get_by_role("heading", level=1).inner_text() == "Romola"
    person.follows("Delete")
    person.sees("Delete “Romola”?")
    person.sees("Nothing has been deleted yet")
    person.finds_nothing_wrong()
    person.follows("Keep it")
    person.follows("Delete")
    person.presses("Delete this book")
    person.sees("This book is deleted.")
    told = person.page.locator("[data-mail]")
    eventually(told.inner_text, lambda text: text.count("Delivered") >= 2)
    person.finds_nothing_wrong()
    subjects = [mail["subject"] for mail in inbox.mails(who.email)]
    assert sorted(subjects) == ["Added to your books: Romula", "Removed from your books: Romola"]
    person.follows("Deleted books")
    person.sees("Romola")
    person.finds_nothing_wrong()


def test_two_tabs_sign_in_and_edit_one_book(browser: Browser, laptop: LaptopCloud, who: Who) -> None:
    with (
        at_the_browser(browser, laptop.descriptor.endpoints["web"]) as first,
        first.beside("/sign-in") as second,
    ):
        first.opens("/sign-in")
        second.says_who_they_are(who)
        second.sees("No books yet")
        first.says_who_they_are(who)
        first.sees("No books yet")
        first.adds_a_book("Middlemarch")
        for tab in (first, second):
            tab.opens("/")
            tab.follows("Middlemarch")
            tab.follows("Edit")
        first.fills({"Title": "Adam Bede"})
        second.fills({"Title": "Silas Marner"})
        first.presses("Save")
        first.sees("Adam Bede")
        second.presses("Save")
        second.sees("The book was changed elsewhere meanwhile. It is now “Adam Bede”")
        second.finds_nothing_wrong()
        assert second.page.get_by_label("Title").input_value() == "Silas Marner"
        second.presses("Save")
        second.sees("What happened to its mail")
        first.page.reload()
        assert first.page.get_by_role("heading", level=1).inner_text() == "Silas Marner"


def test_pages_dates_and_mails_follow_language_and_time_zone(person: Person, inbox: Inbox, who: Who) -> None:
    person.follows("Settings")
    person.page.get_by_label("Language").select_option("de")
    person.fills({"Time zone": "Asia/Kolkata"})
    person.presses("Save language and time zone")
    person.sees("Ihre Wahl ist gemerkt.")
    person.finds_nothing_wrong()
    person.follows("Meine Bücher")
    person.fills({"Titel": "Effi Briest", "Autor oder Autorin": "Theodor Fontane"})
    person.presses("Buch hinzufügen")
    person.sees("Zugestellt")
    person.follows("Effi Briest")
    person.sees(re.compile(r"\d\d:\d\d IST"))
    assert person.page.locator("html").get_attribute("lang") == "de"
    person.finds_nothing_wrong()
    [mail] = inbox.mails(who.email)
    assert mail["subject"] == "Neu in Ihren Büchern: Effi Briest"


def test_what_was_typed_is_still_there_after_signing_in_again(person: Person, inbox: Inbox, who: Who) -> None:
    person.sees("No books yet")
    person.fills({"Title": "Felix Holt", "Author": "George Eliot"})
    person.page.context.clear_cookies()
    person.presses("Add and notify me")
    person.says_who_they_are(who)
    person.sees("What you typed is still here")
    person.finds_nothing_wrong()
    assert inbox.mails(who.email) == []
    person.presses("Add and notify me")
    person.sees("Delivered")
    assert person.page.get_by_label("Title").input_value() == ""


@pytest.mark.parametrize("person", ["without a script"], indirect=True)
def test_an_account_is_deleted_after_a_question(person: Person, who: Who) -> None:
    person.adds_a_book("Middlemarch")
    person.sees("Delivered")
    person.follows("Settings")
    person.follows("Delete the account")
    person.sees("Nothing has been deleted yet")
    person.sees(who.email)
    person.presses("Delete my account")
    person.sees("With 1 book, the events about it and your choices")
    person.opens("/")
    person.sees("get one mail")
    person.opens("/sign-in")
    person.page.locator("input[name=username]").fill(who.email)
    person.page.locator("input[name=password]").fill(who.password)
    person.page.locator("button[type=submit], input[type=submit]").first.click()
    person.page.wait_for_load_state()
    assert person.page.locator("input[name=password]").count(), "nobody is signed in: the person is gone"
