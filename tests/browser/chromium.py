"""The browser that the tests look with: Debian's Chromium, which talks to nobody but this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.skip_or_fail import skip_or_fail

__all__ = ["chromium"]

#: The one without windows first: it takes a third of the processor.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
#: No traffic of the browser's own, and no name that leads anywhere.
_ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--no-pings",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, as long as the block lasts; without one the tests are skipped, in CI they fail."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        skip_or_fail(f"no browser: none of {', '.join(_NAMES)} is in PATH, so nobody looked at the pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_ALONE))
        try:
            yield browser
        finally:
            browser.close()
