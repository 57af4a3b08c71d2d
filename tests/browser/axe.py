"""What axe has against a page. https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#axe-core-tags"""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["violations"]

_AXE = Axe()
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page, *, scripted: bool = True, a_page: bool = True) -> list[str]:
    """What is not WCAG 2.2 AA, one line each, nor good practice for a page, which asks for landmarks; a mail has none.

    Axe is a script itself: of a page that may run none it gets a copy, where it may.
    """
    tags = [*_WCAG, "best-practice"] if a_page else _WCAG
    if scripted:
        return _violations(page, tags)
    html, address = page.content(), page.url
    context, browser = page.context, page.context.browser
    assert browser is not None
    copy = browser.new_context(storage_state=context.storage_state(), viewport=page.viewport_size)
    try:
        twin = copy.new_page()
        twin.route(address, lambda route: route.fulfill(body=html, content_type="text/html"))
        twin.goto(address)
        return _violations(twin, tags)
    finally:
        copy.close()


def _violations(page: Page, tags: list[str]) -> list[str]:
    rules = {"runOnly": {"type": "tag", "values": tags}, "rules": {"target-size": {"enabled": True}}}
    found: list[dict[str, Any]] = _AXE.run(page, options=rules).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {node['html'][:120]}: {' '.join(node['failureSummary'].split())[:200]}"
        for each in found
        for node in each["nodes"]
    ]
