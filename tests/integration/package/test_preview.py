"""`herald preview`, as docs/adding-a-notification.md has people run it."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from herald.cli import app
from package.notifications.catalogue import NOTIFICATIONS
from package.notifications.previews import previews


def test_every_example_of_a_notification_is_written_in_light_and_dark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # a picture of every page takes a browser half a minute
    done = CliRunner().invoke(app, ["preview", "book.deleted"])
    assert done.exit_code == 0, done.output
    paths = [Path(line) for line in done.output.splitlines()]
    assert paths
    assert all(path.exists() and "book.deleted" in str(path) for path in paths)
    assert {path.suffix for path in paths} == {".html"}


def test_a_browser_takes_a_picture_of_a_page() -> None:
    page, picture = islice(previews(NOTIFICATIONS, "book.deleted"), 2)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stem == page.stem
