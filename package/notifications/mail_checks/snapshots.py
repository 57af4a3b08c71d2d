"""Keeps every example's mail in files beside the notifications, so that every change of a mail shows in review.

`_snapshots/TYPE/EXAMPLE.LOCALE.txt` has the headers and the text, `….html` the HTML with a line break between its tags:
a comparison of lines then shows what changed. Mails under a tenant's brand are in `_snapshots/brands/TENANT/TYPE`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from package.notifications.brand import BRANDS
from package.notifications.previews import ExampleMail

__all__ = ["Change", "compare", "make_snapshots", "write_snapshots"]


@dataclass(frozen=True, slots=True)
class Change:
    """A mail that differs from its snapshot, has none, or is gone; `difference` has the lines of `diff -u`."""

    path: Path
    what: str
    difference: tuple[str, ...] = ()


def make_snapshots(mails: Iterable[ExampleMail]) -> dict[str, str]:
    """The files of these mails, by their path in the folder of snapshots."""
    files = {}
    for mail in mails:
        brand = f"{BRANDS}/{mail.tenant}/" if mail.tenant else ""
        name = f"{brand}{mail.type}/{mail.example}.{mail.locale}"
        headers = "".join(f"{header}: {value}\n" for header, value in mail.headers.items())
        files[f"{name}.txt"] = f"{headers}\n{mail.content.text.rstrip()}\n"
        files[f"{name}.html"] = mail.content.html.replace("><", ">\n<").rstrip() + "\n"
    return files


def compare(folder: Path, wanted: Mapping[str, str]) -> list[Change]:
    """The differences between `folder` and `wanted`, by path."""
    there = {path.relative_to(folder).as_posix(): path for path in _list_files(folder)}
    found = []
    for name in sorted(wanted.keys() | there.keys()):
        path = folder / name
        if name not in there:
            found.append(Change(path, "has no snapshot"))
        elif name not in wanted:
            found.append(Change(path, "is of no mail any more"))
        elif (before := path.read_text("utf-8", errors="replace")) != wanted[name]:
            found.append(Change(path, "has changed", _compare(before, wanted[name])))
    return found


def write_snapshots(folder: Path, wanted: Mapping[str, str]) -> list[Path]:
    """Make `folder` hold `wanted` and no other snapshot; return the files that were written or deleted."""
    changes = compare(folder, wanted)
    for path in (change.path for change in changes):
        text = wanted.get(path.relative_to(folder).as_posix())
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
    return [change.path for change in changes]


def _list_files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.suffix in (".html", ".txt"))


def _compare(before: str, after: str) -> tuple[str, ...]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    return tuple(lines)[2:]
