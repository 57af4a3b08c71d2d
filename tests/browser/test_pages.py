"""Every page: nothing that axe finds wrong, light on the wire, whole on a narrow screen, quick to show, and still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Request

from laptop.cloud import LaptopCloud
from laptop.cognito.demo_users import GRACE
from tests.browser.axe import violations
from tests.browser.conftest import WEIGHED
from tests.browser.person import Manner, Person, at_the_browser
from tests.stack.conftest import Inbox
from tests.waiting import LIMIT

#: Bytes of a page with all that it fetches, as they come over the wire, headers included.
MOST_BYTES = 50_000
#: Lines of script of our own, on all pages together, are fewer.
MOST_LINES = 100

#: No header of one row is higher: a control of 44 pixels and the space around it.
_ONE_ROW = 80

TITLE = "Daniel Deronda <x-stored>&amp;</x-stored> an unusually long title that has to wrap on a telephone"
READERS = [
    "/",
    "/books/{book}",
    "/books/{book}/edit",
    "/books/{book}/delete",
    "/books/{book}/preview?event={event}",
    "/why",
    "/settings",
    "/settings/delete",
    "/deleted-books",
    "/problems",
    "/nowhere",
    "{unsubscribe}",
    "/operations",
    "/operations/dead",
    "/operations/suppressions",
    "/operations/done",
]
LAPTOPS = [
    "{inbox}/",
    "{inbox}/mail/{mail}",
    "{inbox}/mail/{mail}?view=headers",
    "{inbox}/mail/{mail}?view=raw",
    "{inbox}/sign-up",
    "{inbox}/confirm",
    "{inbox}/reset",
]
LOOKS = [Manner(width=320, scheme="dark"), Manner(width=1280, scheme="light")]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Grace's session, and what stands for names in the addresses of pages: a book of hers, its event, its mail."""

    state: Any
    names: dict[str, str]


@pytest.fixture(scope="module")
def shelf(browser: Browser, laptop: LaptopCloud) -> Iterator[Shelf]:
    ends = laptop.descriptor.endpoints
    with (
        at_the_browser(browser, ends["web"]) as grace,
        httpx.Client(base_url=ends["inbox"], trust_env=False, timeout=LIMIT) as http,
    ):
        grace.signs_in(GRACE)
        grace.adds_a_book(TITLE)
        grace.sees("Delivered")
        grace.page.locator(".book h2 a").first.click()
        href = grace.page.get_by_role("link", name="See the mail itself").get_attribute("href") or ""
        mail = next(each for each in Inbox(http).mails(GRACE.email) if "Daniel Deronda" in each["subject"])
        names = {"book": href.split("/")[2], "event": href.partition("=")[2], "mail": mail["id"]}
        names |= {"inbox": ends["inbox"], "unsubscribe": mail["headers"]["List-Unsubscribe"].strip("<>")}
        yield Shelf(grace.page.context.storage_state(), names)


@pytest.fixture(scope="module", params=LOOKS, ids=lambda look: f"{look.width} {look.scheme}")
def grace(request: pytest.FixtureRequest, browser: Browser, laptop: LaptopCloud, shelf: Shelf) -> Iterator[Person]:
    """Grace at one window, which keeps nothing of what it fetched: a window for each page is four times the work."""
    web = laptop.descriptor.endpoints["web"]
    with at_the_browser(browser, web, request.param, state=shelf.state) as person:
        protocol = person.page.context.new_cdp_session(person.page)
        protocol.send("Network.enable")
        protocol.send("Network.setCacheDisabled", {"cacheDisabled": True})
        yield person


@pytest.mark.parametrize("path", [*READERS, *LAPTOPS])
def test_a_page_is_in_order(
    grace: Person, shelf: Shelf, path: str, record_property: Callable[[str, str], None]
) -> None:
    is_in_order(grace, path, path.format(**shelf.names), record_property)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.width} {look.scheme}")
def test_the_first_page_is_in_order_for_a_stranger(
    browser: Browser, laptop: LaptopCloud, look: Manner, record_property: Callable[[str, str], None]
) -> None:
    with at_the_browser(browser, laptop.descriptor.endpoints["web"], look) as stranger:
        is_in_order(stranger, "/welcome", "/", record_property)


def is_in_order(person: Person, name: str, address: str, record_property: Callable[[str, str], None]) -> None:
    """Open a page and look at all that the tests of every page want to know."""
    fetched: list[Request] = []

    def note(request: Request) -> None:
        fetched.append(request)

    person.page.on("requestfinished", note)
    person.opens(address)
    painted, weight = _first_paint(person), sum(map(_weight, list(fetched)))
    person.page.remove_listener("requestfinished", note)
    look = f"{person.manner.width} px {person.manner.scheme}"
    record_property(WEIGHED, f"{weight:7} bytes, {painted:5.0f} ms, {look}: {name}")
    assert 0 < weight <= MOST_BYTES
    person.finds_nothing_wrong()
    assert not person.page.locator("x-stored").count(), "what a reader wrote is text and no element"
    assert not person.page.evaluate("() => document.getAnimations().length"), "who wants no motion sees none"
    assert person.hosts <= {"127.0.0.1"}


@pytest.mark.parametrize("width", [320, 375, 1280])
def test_the_header_takes_one_row(browser: Browser, laptop: LaptopCloud, shelf: Shelf, width: int) -> None:
    look = Manner(width=width)
    with at_the_browser(browser, laptop.descriptor.endpoints["web"], look, state=shelf.state) as grace:
        for address in ("/", "{inbox}/", "{inbox}/sign-up"):
            grace.opens(address.format(**shelf.names))
            assert grace.page.evaluate("() => document.querySelector('.bar').offsetHeight") < _ONE_ROW, address


def test_the_mail_itself_is_in_order(browser: Browser, laptop: LaptopCloud, shelf: Shelf) -> None:
    place = f"/books/{shelf.names['book']}/preview/html?event={shelf.names['event']}"
    with at_the_browser(
        browser, laptop.descriptor.endpoints["web"], Manner(scripted=False), state=shelf.state
    ) as grace:
        grace.opens(place)
        assert not grace.page.locator("x-stored").count()
        assert violations(grace.page, scripted=False, a_page=False) == []


def test_a_mail_under_way_breathes_unless_somebody_wants_no_motion(
    browser: Browser, laptop: LaptopCloud, shelf: Shelf
) -> None:
    moving = {}
    for wish in ("no-preference", "reduce"):
        web = laptop.descriptor.endpoints["web"]
        with at_the_browser(browser, web, state=shelf.state, reduced_motion=wish) as grace:
            grace.opens(f"/books/{shelf.names['book']}")
            grace.page.evaluate("""() => {
              document.querySelector("[data-mail]").dataset.open = "yes";
              document.querySelector(".pill").className = "pill wait";
            }""")
            moving[wish] = grace.page.evaluate("() => document.getAnimations().length")
    assert moving == {"no-preference": 1, "reduce": 0}


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(
    browser: Browser, laptop: LaptopCloud, shelf: Shelf
) -> None:
    with at_the_browser(browser, laptop.descriptor.endpoints["web"], state=shelf.state) as grace:
        grace.opens("/")
        wanted = grace.page.locator("a:visible, button:visible, input:visible, summary:visible").count()
        seen = set()
        for _ in range(wanted + 1):
            grace.page.keyboard.press("Tab")
            seen.add(tuple(grace.page.evaluate(_FOCUS)))
        seen.discard(())
        assert len(seen) >= wanted
        assert all(ring != "none" for _, ring in seen)


def test_all_scripts_together_are_short(browser: Browser, laptop: LaptopCloud) -> None:
    ends, lines = laptop.descriptor.endpoints, 0
    for page in (ends["web"], ends["inbox"]):
        with at_the_browser(browser, page) as somebody:
            somebody.opens("/")
            for script in somebody.page.locator("script").all():
                source = somebody.page.request.get(f"{page}{script.get_attribute('src')}").text()
                lines += len(source.splitlines())
    assert 0 < lines < MOST_LINES


#: What has the focus: its place among all elements, and its ring.
_FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return [];
  return [[...document.querySelectorAll("*")].indexOf(at), getComputedStyle(at).outlineStyle];
}"""

_PAINT = """() => new Promise((told) => new PerformanceObserver((list) => {
  const found = list.getEntriesByName("first-contentful-paint");
  if (found.length) told(found[0].startTime);
}).observe({ type: "paint", buffered: true }))"""


def _weight(request: Request) -> int:
    sizes = request.sizes()
    return sizes["responseBodySize"] + sizes["responseHeadersSize"]


def _first_paint(person: Person) -> float:
    """When something could first be seen, in milliseconds after the address was asked for."""
    painted: float = person.page.evaluate(_PAINT)
    return painted
