"""`herald preview`, as docs/adding-a-notification.md has people run it."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from herald.cli import app


def test_every_example_of_a_notification_is_written_in_light_and_dark() -> None:
    done = CliRunner().invoke(app, ["preview", "book.deleted"])
    assert done.exit_code == 0, done.output
    paths = [Path(line) for line in done.output.splitlines()]
    assert paths
    assert all(path.exists() and "book.deleted" in str(path) for path in paths)
    assert {path.suffix for path in paths} >= {".html"}
