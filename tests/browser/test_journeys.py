"""What people do with Herald, as they do it: in a browser with scripts, in one without, and by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from laptop.cloud import LaptopCloud
from laptop.cognito.demo_users import ADA, GRACE
from laptop.cognito.demo_users import DemoUser as Who
from tests.browser.person import MANNERS, Person, at_the_browser
from tests.stack.conftest import Inbox
from tests.stack.events import new_address
from tests.waiting import LIMIT, eventually


@pytest.fixture(params=MANNERS)
def person(request: pytest.FixtureRequest, browser: Browser, laptop: LaptopCloud) -> Iterator[Person]:
    with at_the_browser(browser, laptop.descriptor.endpoints["web"], MANNERS[request.param]) as one:
        yield one


@pytest.fixture(scope="module")
def inbox(laptop: LaptopCloud) -> Iterator[Inbox]:
    with httpx.Client(base_url=laptop.descriptor.endpoints["inbox"], trust_env=False, timeout=LIMIT) as http:
        yield Inbox(http)


def make_title(name: str, person: Person) -> str:
    """A title that no other journey's book has."""
    return f"{name} {next(manner for manner in MANNERS if MANNERS[manner] == person.manner)}"


def signs_up(person: Person, inbox: str) -> Who:
    """Make an account with the code from the mail, and sign in."""
    who = Who("Nell", new_address(), "Correct-Horse-1815")
    person.opens("/")
    person.finds_nothing_wrong()
    person.follows("Create an account")
    person.sees("At least 12 characters")
    person.finds_nothing_wrong()
    person.fills({"E-mail address": who.email, "Name": who.name, "Password": who.password})
    person.presses("Create the account")
    person.sees("Code from the mail")
    person.finds_nothing_wrong()
    with person.beside(inbox) as other:
        other.sees(who.email)
        other.follows(who.email)
        other.sees("Headers")
        [code] = re.findall(r"code is (\d{6})", other.reads_the_mail())
        other.finds_nothing_wrong()
    person.fills({"Code from the mail": code})
    person.presses("Confirm")
    person.sees("Your account is ready")
    person.finds_nothing_wrong()
    person.signs_in(who)
    return who


def test_from_signing_up_to_the_mail_and_to_unsubscribing(person: Person, laptop: LaptopCloud, inbox: Inbox) -> None:
    """The whole of a reader's way; each page that it leads over is looked at by axe."""
    desk = laptop.descriptor.endpoints["inbox"]
    who = signs_up(person, desk)
    person.sees("No books yet")
    person.finds_nothing_wrong()
    title = make_title("Middlemarch", person)
    person.adds_a_book(title)
    person.sees("Delivered")
    person.finds_nothing_wrong()
    with person.beside(desk) as other:
        other.follows(title)
        other.sees("Headers")
        other.finds_nothing_wrong()
        book = other.opens_in_the_mail("Open the book")
        for step in ("Committed", "Published", "Received", "Rendered", "Accepted", "Delivered", "release"):
            book.sees(step)
        book.finds_nothing_wrong()
        book.follows("See the mail itself")
        book.sees(f"Added to your books: {title}")
        book.finds_nothing_wrong()
        book.page.close()
        stop = other.opens_in_the_mail("Stop mails like this one")
        stop.sees("Nothing has changed yet")
        stop.finds_nothing_wrong()
        stop.presses("Unsubscribe")
        stop.sees("You get no more of these mails")
        stop.finds_nothing_wrong()
    person.adds_a_book(make_title("Silas Marner", person))
    person.sees("You have stopped mails of this kind")
    person.follows("Why no mail?")
    person.sees("Why did I not get mail?")
    person.sees("let them come again in your settings")
    person.finds_nothing_wrong()
    person.follows("Settings")
    person.sees("Mails that are needed")
    person.finds_nothing_wrong()
    assert len([mail for mail in inbox.mails(who.email) if "Added to your books" in mail["subject"]]) == 1
    person.presses("Sign out")
    person.sees("get one mail")


def test_an_operator_finds_a_dead_letter_and_sends_it_again(person: Person, inbox: Inbox) -> None:
    title = make_title("Romola", person)
    inbox.fault(fault="refuse", recipient=GRACE.email)
    person.signs_in(GRACE)
    person.adds_a_book(title)
    person.sees("Not sent")
    person.follows("Operations")
    person.sees("Running")
    person.finds_nothing_wrong()
    person.follows("Dead letters")
    person.sees("after 1 attempt,")
    person.finds_nothing_wrong()
    person.presses("Send again")
    person.sees("1 queued again")
    person.sees(GRACE.email)
    person.finds_nothing_wrong()
    mails = eventually(
        lambda: [mail for mail in inbox.mails(GRACE.email) if title in mail["subject"]], lambda mails: len(mails) >= 1
    )
    assert len(mails) == 1
    person.follows("My books")
    person.sees("Delivered")


def test_an_operator_searches_is_refused_pauses_all_mail_and_resumes_it(person: Person) -> None:
    person.signs_in(GRACE)
    person.follows("Operations")
    person.fills({"Find a mail": GRACE.email})
    person.presses("Search")
    person.sees("Searched by the hash")
    person.finds_nothing_wrong()
    person.follows("Who gets no mail")
    person.fills({"Take an address off the list": "nobody@example.com"})
    person.presses("Take off")
    person.sees("This address is on no list")
    person.finds_nothing_wrong()
    person.follows("Operations")
    person.presses("Pause all mail")
    person.sees("No mail leaves")
    person.finds_nothing_wrong()
    person.presses("Resume")
    person.sees("Mails leave as events come")
    person.sees("resumed: what waits in retry is sent now")


def test_a_plain_reader_sees_nothing_of_operations(browser: Browser, laptop: LaptopCloud) -> None:
    with at_the_browser(browser, laptop.descriptor.endpoints["web"]) as ada:
        ada.signs_in(ADA)
        assert not ada.page.get_by_role("link", name="Operations").count()
        ada.opens("/operations")
        ada.sees("Not allowed")
        ada.finds_nothing_wrong()
