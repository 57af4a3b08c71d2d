"""A team's notifications, spoilt and looked at."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner, Result

from herald.cli import app

__all__ = ["edit", "herald"]


def herald(*arguments: object) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [*map(str, arguments)])


def edit(path: Path, old: str, new: str) -> None:
    """Put something else in the place of what is there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
