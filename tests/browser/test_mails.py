"""Every mail that Herald ships as a reader sees it: in each language, light and dark, on a telephone and a desk.

Facts that a picture would show, and that no version of a browser or a font changes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, Route

from laptop.state import ROOT
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, compile_catalogue, list_types
from package.notifications.previews import ExampleMail, render_examples

_SHOP = ROOT / "examples" / "shop" / "notifications"
_LOGO = "https://static.shop.example/logo.svg"
#: What is wrong with the page that is open, a line each.
_LOOK = (Path(__file__).parent / "look_at_mail.js").read_text("utf-8")
#: Where a text stands is the same in light and dark, and its colours are the same on every screen.
_LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((640, "light"), (375, "light"), (375, "dark"))


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page that fetches nothing but a logo."""
    opened = browser.new_page()

    def answer(route: Route) -> None:
        if route.request.url.startswith(_LOGO):
            size = unquote(route.request.url.partition("?")[2])
            route.fulfill(body=f'<svg xmlns="http://www.w3.org/2000/svg" {size}/>', content_type="image/svg+xml")
        else:
            route.abort()

    opened.route("**/*", answer)
    yield opened
    opened.close()


def _mails(root: Path, folder: Path) -> list[ExampleMail]:
    return [*render_examples(compile_catalogue(folder, root), root, list_types(root))]


def _look(page: Page, mail: ExampleMail) -> list[str]:
    found = []
    page.set_content(mail.content.html, wait_until="load")
    for width, scheme in _LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        told = page.evaluate(_LOOK, {"rtl": mail.locale == "ar"})
        found += [f"{mail.type}/{mail.example}.{mail.locale}, {width} pixels, {scheme}: {line}" for line in told]
    return found


@pytest.mark.parametrize("root", [NOTIFICATIONS, EXAMPLES, _SHOP], ids=["own", "to copy", "shop"])
def test_every_mail_fits_can_be_read_and_runs_as_its_language_does(page: Page, root: Path, tmp_path: Path) -> None:
    found = [line for mail in _mails(root, tmp_path) for line in _look(page, mail)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("width", "height"), [(140, 32), (600, 60)])
def test_a_logo_has_its_size_and_a_wide_one_fits_a_telephone(
    page: Page, tmp_path: Path, width: int, height: int
) -> None:
    folder = tmp_path / "notifications"
    shutil.copytree(_SHOP / "order.shipped", folder / "order.shipped")
    brand: dict[str, Any] = json.loads((_SHOP / "brand.json").read_text("utf-8"))
    url = f"{_LOGO}?viewBox='0 0 {2 * width} {2 * height}'".replace(" ", "%20").replace("'", "%27")
    brand |= {"logo": {"url": url, "alt": "Shop", "width": width, "height": height}}
    (folder / "brand.json").write_text(json.dumps(brand | {"image_hosts": ["static.shop.example"]}), "utf-8")
    mail = _mails(folder, tmp_path / "compiled")[0]
    assert not _look(page, mail)
    page.set_viewport_size({"width": 640, "height": 800})
    box = page.locator("img").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (width, height)
    assert abs(box["x"] + width / 2 - 320) < 1, "it stands in the middle"


@pytest.mark.parametrize(
    ("html", "told"),
    [
        ('<body style="margin:0"><div style="width:700px">a</div>', "is 60 pixels too wide"),
        ('<div style="width:50px;overflow:hidden;white-space:nowrap">much too long</div>', "is cut off"),
        ('<div style="margin-left:-40px">much</div>', "is cut off"),
        ('<p style="color:#999">pale</p>', "a contrast of 2.8"),
        (
            '<body style="background:#fff;color-scheme:dark"><p style="color:#000;background:#111">a</p>',
            "contrast of 1.1",
        ),
        ('<html dir="rtl"><p>a</p>', "runs from right to left"),
        ('<p>a <a href="https://a.example">link</a></p>', "the browser's own colour"),
    ],
)
def test_what_is_wrong_is_seen(page: Page, html: str, told: str) -> None:
    page.set_content(html)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 640, "height": 800})
    assert any(told in line for line in page.evaluate(_LOOK, {"rtl": False})), page.evaluate(_LOOK, {"rtl": False})
