"""One laptop cloud and one browser for all journeys; at the end the pages' weights and first paints are printed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from _pytest.terminal import TerminalReporter
from playwright.sync_api import Browser

from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.state import ROOT
from tests.browser.chromium import chromium

WEIGHED = "weighed"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests that share the one browser."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Ends with the last test of this folder: until then its event loop runs in this thread, and no other can."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def laptop(browser: Browser) -> Iterator[LaptopCloud]:
    """A laptop cloud as `make run` starts it; none is started where there is no browser."""
    with run_cloud(Options(ROOT / "build" / "tests" / f"browser-{os.getpid()}", scale=0.02)) as started:
        yield started


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print what each page weighs and when it was first seen."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    lines = [value for report in reports for name, value in report.user_properties if name == WEIGHED]
    if lines:
        terminalreporter.section("pages: bytes of everything that was fetched, and first paint")
        for line in lines:
            terminalreporter.write_line(str(line))
