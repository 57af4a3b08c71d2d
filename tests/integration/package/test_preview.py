"""`herald preview`, as docs/adding-a-notification.md has people run it."""

from __future__ import annotations

import json
import shutil
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from herald.cli import app
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS
from package.notifications.previews import write_previews
from tests.attachments import add_attachments, reference


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


def test_a_preview_names_the_files_that_go_with_the_mail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = Path(shutil.copytree(EXAMPLES / "security", tmp_path / "notifications" / "security")).parent
    add_attachments(folder, "security")
    example = folder / "security" / "examples" / "typical.json"
    files = [reference("a.pdf", b"1", name="März & Co.pdf")]
    example.write_text(json.dumps(json.loads(example.read_text("utf-8")) | {"attachments": files}), "utf-8")
    pages = [path for path in write_previews(folder) if path.name == "typical.en.html"]
    assert "Attachments: <bdi>März &amp; Co.pdf (application&#x2f;pdf)</bdi>" in pages[0].read_text("utf-8")


def test_a_tenants_mails_are_written_under_its_brand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(app, ["preview", "book.deleted", "--tenant", "acme"])
    assert done.exit_code == 0, done.output
    paths = [Path(line) for line in done.output.splitlines()]
    assert all("Acme Books" in path.read_text("utf-8") and path.parts[-3] == "acme" for path in paths)
    refused = CliRunner().invoke(app, ["preview", "book.deleted", "--tenant", "initech"])
    assert str(refused.exception) == "there is no brand for the tenant 'initech'; there are: acme, globex"


def test_a_browser_takes_a_picture_of_a_page() -> None:
    page, picture = islice(write_previews(NOTIFICATIONS, "book.deleted"), 2)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stem == page.stem
