"""`herald lint` warns of what mail programs leave out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from herald.cli import app
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, compile_catalogue, list_types
from package.notifications.mail_checks.mail_programs.unsupported import ACCEPTED, Unsupported, find_features
from package.notifications.previews import render_examples

pytestmark = pytest.mark.slow


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    made = herald("new", "order.shipped", "--notifications", tmp_path / "mails")
    assert made.exit_code == 0, made.output
    return tmp_path / "mails"


def herald(*arguments: object) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)])


def edit(mails: Path, old: str, new: str) -> str:
    """Change the English template; the place of the change, as file and line."""
    path = mails / "order.shipped" / "en" / "body.mjml"
    before, found, after = path.read_text("utf-8").partition(old)
    assert found
    path.write_text(before + new + after, "utf-8")
    return f"{path}:{before.count(chr(10)) + 1}"


def test_nothing_is_accepted_but_what_our_own_mails_use(tmp_path: Path) -> None:
    pages = {
        f"{mail.type} {mail.example} {mail.locale}": mail.content.html
        for home in (NOTIFICATIONS, EXAMPLES)
        for mail in render_examples(compile_catalogue(tmp_path / home.name, home), home, list_types(home))
        if mail.locale in {"ar", "en"}
    }
    found = find_features(pages)
    assert found.keys() == pages.keys()
    assert {feature for each in found.values() for feature in each} == ACCEPTED


@pytest.mark.parametrize(
    ("new", "feature", "programs"),
    [
        ("<bdi>{{ recipient.name }}</bdi>", "<bdi> element", ("Gmail", "Outlook", "Yahoo Mail")),
        ('<span style="position:absolute">{{ recipient.name }}</span>', "position", ("Gmail", "Outlook")),
        ('<span style="display:flex">{{ recipient.name }}</span>', "display:flex", ("Outlook",)),
        ('<span style="background-image:none">{{ recipient.name }}</span>', "background-image", ("Outlook",)),
    ],
)
def test_what_is_left_out_is_told_with_its_line_and_stops_nothing(
    mails: Path, new: str, feature: str, programs: tuple[str, ...]
) -> None:
    where = edit(mails, '<span dir="auto">{{ recipient.name }}</span>', new)
    told = herald("lint", "--notifications", mails)
    assert told.exit_code == 0
    warning, verdict = told.stdout.splitlines()
    assert warning == str(Unsupported(where, feature, programs))
    assert verdict == "order.shipped: nothing is wrong"
    said = json.loads(herald("lint", "--json", "--notifications", mails).stdout)
    assert (said["faults"], said["warnings"], said["not_looked_at"]) == ([], [warning], None)


def test_what_is_wrong_comes_first(mails: Path) -> None:
    edit(mails, '<span dir="auto">{{ recipient.name }}</span>', "<bdi>{{ recipient.surname }}</bdi>")
    told = herald("lint", "--notifications", mails)
    assert told.exit_code == 1
    assert "warning" not in told.stdout, "what does not compile has no mail to look at"


def test_without_npm_it_says_so_and_checks_the_rest(
    mails: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("package.notifications.mail_checks.mail_programs.unsupported._FOLDER", tmp_path / "installed")
    told = herald("lint", "--notifications", mails)
    assert (told.exit_code, told.stdout) == (0, "order.shipped: nothing is wrong\n")
    line = " ".join(told.stderr.split())
    assert line == "What mail programs do not support was not checked: Node.js with npm is not on this machine"


def test_what_npm_cannot_install_is_one_clear_line(
    mails: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network refused' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("package.notifications.mail_checks.mail_programs.unsupported._FOLDER", tmp_path / "installed")
    told = herald("lint", "--json", "--notifications", mails)
    assert told.exit_code == 0
    assert json.loads(told.stdout)["not_looked_at"].endswith("package-lock.json names: npm error network refused")
