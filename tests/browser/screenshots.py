"""Pictures of every page, or of those that are named, made from a laptop cloud of their own: `make screenshots`.

All lie in build/screenshots, for whoever wants to look them through; those that documents show, in docs/images too.
"""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Browser

from laptop.cloud import Options, run_cloud
from laptop.cognito.demo_users import GRACE
from laptop.state import ROOT
from tests.browser.chromium import chromium
from tests.browser.person import Manner, Person, at_the_browser
from tests.stack.conftest import Inbox

__all__ = ["compress", "main"]

_ALL = ROOT / "build" / "screenshots"
_SHOWN = ROOT / "docs" / "images"
#: Operators' pages.
_ENGLISH = {"operations", "dead", "suppressions", "found", "discard", "done"}
#: Those that documents show.
_KEPT = {"book", "console", "mail", "operations", "trace"}
_PAGES = {
    "welcome": "/",
    "books": "/",
    "book": "/books/{book}",
    "edit": "/books/{book}/edit",
    "delete": "/books/{book}/delete",
    "preview": "/books/{book}/preview?event={event}",
    "why": "/why",
    "settings": "/settings",
    "account": "/settings/delete",
    "deleted": "/deleted-books",
    "story": "/books/{gone}",
    "wrong": "/",
    "zone": "/settings",
    "stopped": "{unsubscribe}",
    "nowhere": "/nowhere",
    "unsubscribe": "{unsubscribe}",
    "problems": "/problems",
    "operations": "/operations",
    "dead": "/operations/dead",
    "suppressions": "/operations/suppressions",
    "found": "/operations",
    "discard": "/operations/dead",
    "done": "/operations/done",
    "console": "{inbox}/",
    "mail": "{inbox}/mail/{mail}",
    "trace": "{inbox}/traces/{trace}",
    "sign-up": "{inbox}/sign-up",
    "confirm": "{inbox}/confirm",
    "reset": "{inbox}/reset",
}
#: What a person does on a page before the picture is taken: fields by their names, and the form that is sent.
_DEEDS = {
    "wrong": ({"title": " ", "author": "George Eliot", "isbn": "4006381333931"}, "/books"),
    "zone": ({"zone": "Berlin"}, "/settings/reading"),
    "stopped": ({}, "/unsubscribe/"),
    "found": ({"wanted": GRACE.email}, "/operations/search"),
    "discard": ({}, "/operations/discard"),
}
_LOOKS = [Manner(width=width, scheme=scheme) for width in (320, 1280) for scheme in ("light", "dark")]
_LONGEST = 1600
_TITLE = "Middlemarch: A Study of Provincial Life"


def main(wanted: Collection[str]) -> None:
    """Take every picture, or those of the pages `wanted`, and say where it lies."""
    _ALL.mkdir(parents=True, exist_ok=True)
    options = Options(ROOT / "build" / "screenshots-cloud", scale=0.02, tracing=True, say=print)
    with chromium() as browser, run_cloud(options) as cloud:
        ends = cloud.descriptor.endpoints
        with (
            httpx.Client(base_url=ends["inbox"], trust_env=False, timeout=300) as http,
            at_the_browser(browser, ends["web"]) as grace,
        ):
            names = {"inbox": ends["inbox"], **_prepare(grace, Inbox(http))}
            state = grace.page.context.storage_state()
        pages = {name: address for name, address in _PAGES.items() if not wanted or name in wanted}
        for path in _pictures(browser, ends["web"], state, names, pages):
            print(path.relative_to(ROOT), path.stat().st_size, "bytes")  # noqa: T201


def _prepare(grace: Person, inbox: Inbox) -> dict[str, str]:
    """A shelf, an operator's day and a console with something on them; what stands for names in addresses of pages."""
    grace.signs_in(GRACE)
    for title in ("Romola", "The Left Hand of Darkness"):
        inbox.fault(fault="refuse", recipient=GRACE.email)
        grace.adds_a_book(title)
        grace.page.locator(".book").first.get_by_text("Not sent").first.wait_for()
    grace.opens("/operations/dead")
    grace.presses("Send again")
    grace.sees("1 queued again")
    for deed in ("Pause all mail", "Resume"):
        grace.opens("/operations")
        grace.presses(deed)
    grace.opens("/")
    grace.adds_a_book("Felix Holt, the Radical")
    grace.page.locator(".book h2 a").first.click()
    gone = grace.page.url.rpartition("/")[2]
    grace.follows("Delete")
    grace.presses("Delete this book")
    grace.opens("/")
    grace.adds_a_book("ألف ليلة وليلة")
    grace.adds_a_book(_TITLE)
    grace.page.locator(".book").first.get_by_text("Delivered").first.wait_for()
    grace.page.locator(".book h2 a").first.click()
    trace = grace.page.locator("p.ids code").nth(1).inner_text()
    address = grace.page.get_by_role("link", name="See the mail itself").get_attribute("href") or ""
    mail = next(each for each in inbox.mails(GRACE.email) if _TITLE in each["subject"])
    for play in ("bounce", "publish", "lose"):
        inbox.http.post(f"/play/{play}")
    inbox.wait("reader-3@example.com")
    link = mail["headers"]["List-Unsubscribe"].strip("<>")
    names = {"book": address.split("/")[2], "event": address.partition("=")[2], "gone": gone}
    return names | {"mail": mail["id"], "unsubscribe": link, "trace": trace}


def _pictures(browser: Browser, web: str, state: Any, names: dict[str, str], pages: dict[str, str]) -> Iterator[Path]:
    for (name, address), look, language in itertools.product(pages.items(), _LOOKS, ("en", "de")):
        if language != "en" and (name in _ENGLISH or address.startswith("{inbox}")):
            continue
        who = None if name == "welcome" else state
        with at_the_browser(browser, web, look, state=who, locale=language) as grace:
            grace.opens(address.format(**names))
            if name in _DEEDS:
                _act(grace, *_DEEDS[name])
            grace.page.wait_for_load_state("load")
            height: int = grace.page.evaluate("() => document.documentElement.scrollHeight")
            grace.page.set_viewport_size({"width": look.width, "height": min(max(height, 500), _LONGEST)})
            shown = name if language == "en" else f"{name}-{language}"
            path = _ALL / f"{shown}-{look.width}-{look.scheme}.png"
            grace.page.screenshot(path=path, animations="disabled")
        compress(path)
        yield path
        if shown in _KEPT:
            yield Path(shutil.copy(path, _SHOWN / path.name))


def _act(person: Person, fields: dict[str, str], action: str) -> None:
    form = person.page.locator(f'main form[action*="{action}"], main form:not([action])').first
    for name, text in fields.items():
        form.locator(f'[name="{name}"]').fill(text)
    form.locator("button").first.click()


def compress(path: Path) -> None:
    """256 colours are enough for a page, and a third of the bytes; those of small things must be among them."""
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
