"""`herald studio` as a person uses it: in a browser, beside an editor that saves files."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from function.message.rendering import Content
from herald.studio.app import make_studio
from herald.studio.live_catalogue import LiveCatalogue
from package.notifications.catalogue import EXAMPLES
from tests.waiting import LIMIT, eventually

pytestmark = pytest.mark.xdist_group("browser")
_LIMIT_MS = LIMIT * 1000


@dataclass
class Studio:
    """A running studio, its files, and what was sent by each way."""

    address: str
    folder: Path
    sent: list[tuple[str, str, str]] = field(default_factory=list)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Studio]:
    folder = tmp_path / "notifications"
    for type_ in ("receipt", "shipment"):
        shutil.copytree(EXAMPLES / type_, folder / type_)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        made = Studio(f"http://127.0.0.1:{listening.getsockname()[1]}/", folder)

        def way(name: str) -> Any:
            def send(content: Content, _type: str, _data: Mapping[str, Any], to: str) -> str:
                made.sent.append((name, content.subject, to))
                return f"sent by {name}"

            return send

        app = make_studio(
            LiveCatalogue(folder),
            folder,
            {name: way(name) for name in ("laptop", "deployment")},
            lambda type_, to: f"Send {type_} to {to} by herald in eu-west-1?",
        )
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        eventually(lambda: server.started or not thread.is_alive(), bool)
        yield made
        server.should_exit = True
        thread.join(LIMIT)


@pytest.fixture
def page(browser: Browser, running: Studio) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, color_scheme="null")
    opened = context.new_page()
    opened.set_default_timeout(_LIMIT_MS)
    expect.set_options(timeout=_LIMIT_MS)
    opened.goto(running.address)
    yield opened
    context.close()


def title(page: Page) -> Any:
    return page.frame_locator('iframe[title="phone, dark"]').locator(".title").first


def test_a_saved_file_is_seen_and_a_fault_is_told_while_the_last_mail_stays(page: Page, running: Studio) -> None:
    expect(title(page)).to_have_text("Thank you for your order")
    dark = title(page).evaluate("element => getComputedStyle(element).color")
    assert dark == "rgb(246, 245, 242)", "the frame does not follow into the dark"
    body = running.folder / "receipt" / "en" / "body.mjml"
    good = body.read_text("utf-8")
    body.write_text(good.replace("Thank you for your order", "Thanks a lot"), "utf-8")
    expect(title(page)).to_have_text("Thanks a lot")
    body.write_text(good.replace("order.url | link", "order.url"), "utf-8")
    expect(page.get_by_role("region", name="What is wrong")).to_contain_text("needs the filter link")
    expect(title(page)).to_have_text("Thanks a lot")
    body.write_text(good, "utf-8")
    expect(page.get_by_role("region", name="What is wrong")).to_be_hidden()
    expect(title(page)).to_have_text("Thank you for your order")


def test_the_form_of_the_schema_changes_the_mail_and_its_example(page: Page, running: Studio) -> None:
    expect(title(page)).to_be_visible()
    form = page.get_by_role("form", name="Data of the example")
    form.get_by_label("title", exact=True).first.fill("A new thing")
    form.get_by_role("button", name="Remove lines 3").click()
    form.get_by_role("button", name="Leave out payment").click()
    form.get_by_label("total", exact=True).fill("1234.5")
    expect(page.locator("#text")).to_contain_text("A new thing")
    expect(page.locator("#text")).to_contain_text("€1,234.50")
    expect(page.locator("#text")).not_to_contain_text("Paid with")
    page.get_by_label("Language").select_option("ar")
    expect(page.locator("#headers")).to_contain_text("إيصال الطلب")
    form.get_by_role("button", name="Save the example").click()
    expect(page.locator("#said")).to_contain_text("Saved in")
    saved = (running.folder / "receipt" / "examples" / "typical.json").read_text("utf-8")
    assert "A new thing" in saved
    assert "payment" not in saved
    form.get_by_label("total", exact=True).fill("-1")
    expect(page.get_by_role("alert")).to_contain_text("data.order.total must be what was paid")


def test_send_me_this_asks_before_a_real_mail(page: Page, running: Studio) -> None:
    page.get_by_label("Notification").select_option("shipment")
    expect(title(page)).to_have_text("Your order is on its way")
    page.locator("#to").fill("me@example.com")
    page.get_by_role("button", name="Into the laptop").click()
    expect(page.locator("#said")).to_have_text("sent by laptop")
    with page.expect_event("dialog") as asked:
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("button", name="Through the deployment").click()
    assert asked.value.message == "Send shipment to me@example.com by herald in eu-west-1?"
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Through the deployment").click()
    expect(page.locator("#said")).to_have_text("sent by deployment")
    subject = "Your order 4711 is on its way"
    assert running.sent == [("laptop", subject, "me@example.com"), ("deployment", subject, "me@example.com")]
