"""A person in front of a browser: what they do, how they do it, and what their browser asked for meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Request
from playwright.sync_api import TimeoutError as NotInTime

from laptop.cognito.demo_users import DemoUser as Who
from tests.browser.axe import violations
from tests.waiting import LIMIT

__all__ = ["MANNERS", "Manner", "Person", "at_the_browser"]

#: How long somebody without a script looks before they load the page again.
_GLANCE_MS = 1500
_MOST_TABS = 150


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody uses a browser; `width` in pixels."""

    scripted: bool = True
    keys: bool = False
    width: int = 1280
    scheme: Literal["light", "dark"] = "light"


#: The ways in which each journey is made.
MANNERS = {
    "with a script": Manner(),
    "without a script": Manner(scripted=False),
    "by keyboard on a narrow dark screen": Manner(keys=True, width=320, scheme="dark"),
}


@dataclass(slots=True)
class Person:
    """Somebody at a page of `web`. `hosts` are those that the browser asked anything of."""

    page: Page
    web: str
    manner: Manner
    hosts: set[str] = field(default_factory=set)

    def opens(self, address: str) -> None:
        """Go to a path of the web app, or to a whole address."""
        self.page.goto(address if "://" in address else f"{self.web}{address}")

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Wait until the text can be read; without a script the page is loaded again and again."""
        wanted = self.page.get_by_text(text).filter(visible=True).first
        for _ in range(0 if self.manner.scripted else int(LIMIT * 1000) // _GLANCE_MS):
            with suppress(NotInTime):
                wanted.wait_for(timeout=_GLANCE_MS)
                break
            self.page.reload()
        wanted.wait_for()

    def presses(self, name: str) -> None:
        """Press a button."""
        self._acts(self.page.get_by_role("button", name=name).first)

    def follows(self, name: str) -> None:
        """Follow a link."""
        self._acts(self.page.get_by_role("link", name=name).first)

    def fills(self, fields: Mapping[str, str]) -> None:
        """Fill fields in by their labels."""
        for label, text in fields.items():
            self._fills(self.page.get_by_label(re.compile(f"^{re.escape(label)}$", re.IGNORECASE)).first, text)

    def signs_in(self, who: Who) -> None:
        """Sign in on the user pool's own page, and come back."""
        self.opens("/sign-in")
        self.says_who_they_are(who)

    def says_who_they_are(self, who: Who) -> None:
        """Fill in the user pool's page, on which this person is, and come back."""
        self._fills(self.page.locator("input[name=username]"), who.email)
        self._fills(self.page.locator("input[name=password]"), who.password)
        self._acts(self.page.locator("button[type=submit], input[type=submit]").first)
        self.page.wait_for_url(f"{self.web}/**")

    def adds_a_book(self, title: str) -> None:
        """Fill in the form on the shelf and send it."""
        self.fills({"Title": title, "Author": "George Eliot"})
        self.presses("Add and notify me")
        self.sees(title)

    def reads_the_mail(self) -> str:
        """The words of the mail that is shown in a frame, or as text."""
        if self.page.locator("iframe").count():
            return self.page.frame_locator("iframe").locator("body").inner_text()
        return self.page.locator("pre").inner_text()

    def opens_in_the_mail(self, name: str) -> Person:
        """Follow a link in a mail that is shown in a frame; it opens in a window of its own."""
        with self.page.expect_popup() as window:
            self._acts(self.page.frame_locator("iframe").get_by_role("link", name=name).first)
        return replace(self, page=window.value)

    @contextmanager
    def beside(self, address: str) -> Iterator[Person]:
        """The same person in another tab."""
        other = replace(self, page=self.page.context.new_page())
        try:
            other.opens(address)
            yield other
        finally:
            other.page.close()

    def finds_nothing_wrong(self) -> None:
        """What axe has against the page is nothing, and nothing sticks out sideways. Look for a word of it first: a
        page that is still on its way cannot be asked. Axe is a script, and looks where one may run: the page that comes
        is the same."""
        assert not self.manner.scripted or violations(self.page) == []
        assert self.overflow() <= 0, f"{self.page.url} is {self.overflow()} pixels too wide"

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        wide: int = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wide

    def note(self, request: Request) -> None:
        """Remember whom the browser asks."""
        if (parts := urlsplit(request.url)).scheme not in {"data", "about", "blob"}:
            self.hosts.add(parts.hostname or "")

    def _acts(self, target: Locator) -> None:
        if self.manner.keys:
            self._reaches(target)
            self.page.keyboard.press("Enter")
        else:
            target.click()

    def _fills(self, target: Locator, text: str) -> None:
        if self.manner.keys:
            self._reaches(target)
            self.page.keyboard.insert_text(text)
        else:
            target.fill(text)

    def _reaches(self, target: Locator) -> None:
        """Go from control to control until this one has the focus."""
        target.wait_for()
        for _ in range(_MOST_TABS):
            if target.evaluate("(one) => one === one.ownerDocument.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no key leads to {target}")


@contextmanager
def at_the_browser(
    browser: Browser, web: str, manner: Manner | None = None, *, state: Any = None, **context: Any
) -> Iterator[Person]:
    """Somebody with a browser of their own; at the end it must have asked nobody but this machine."""
    manner = manner or Manner()
    told: dict[str, Any] = {"reduced_motion": "reduce", "locale": "en-GB", **context}
    own = browser.new_context(
        java_script_enabled=manner.scripted,
        viewport={"width": manner.width, "height": 900},
        color_scheme=manner.scheme,
        storage_state=state,
        **told,
    )
    own.set_default_timeout(LIMIT * 1000)
    person = Person(own.new_page(), web, manner)
    own.on("request", lambda request: person.note(request))  # noqa: PLW0108  # it marks bound methods
    try:
        yield person
        assert person.hosts <= {"127.0.0.1"}, person.hosts
    finally:
        own.close()
