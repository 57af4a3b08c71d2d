"""What a notification may say of copies: roles, each once, and none of a subscription."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from package.errors import PackageError
from package.notifications.catalogue import EXAMPLES, compile_catalogue
from package.notifications.settings import read_settings

_TYPE = "receipt"


def write_settings(folder: Path, **more: object) -> Path:
    """The settings of a notification that nobody subscribes to, with more."""
    path = folder / "notification.json"
    settings = json.loads((EXAMPLES / _TYPE / "notification.json").read_text("utf-8"))
    path.write_text(json.dumps(settings | more, indent=2), "utf-8")
    return path


def line_of(path: Path, name: str) -> int:
    return next(number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if f'"{name}"' in line)


def test_the_catalogue_says_which_roles_get_copies_of_what(source: Path, out: Path) -> None:
    (source / _TYPE).mkdir()
    for path in (EXAMPLES / _TYPE).rglob("*"):
        if path.is_file():
            copy = source / _TYPE / path.relative_to(EXAMPLES / _TYPE)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    write_settings(source / _TYPE, cc=["accounting"], bcc=["archive", "legal-2"])
    catalogue = compile_catalogue(out, source)
    found = catalogue.get(_TYPE)
    assert (found.cc, found.bcc) == (("accounting",), ("archive", "legal-2"))
    assert catalogue.roles == {_TYPE: {"accounting", "archive", "legal-2"}}


def test_without_any_nothing_is_said(tmp_path: Path) -> None:
    assert read_settings(write_settings(tmp_path)).keys() & {"cc", "bcc"} == set()


@pytest.mark.parametrize("name", ["cc", "bcc"])
@pytest.mark.parametrize(
    "wrong",
    [
        "accounting",
        [],
        ["Accounting"],
        ["books@example.com"],
        [7],
        None,
        ["a", ""],
        ["-a"],
        [f"r{n}" for n in range(11)],
    ],
)
def test_what_is_no_list_of_roles_is_refused_with_its_line(tmp_path: Path, name: str, wrong: object) -> None:
    path = write_settings(tmp_path, **{name: wrong})
    with pytest.raises(PackageError, match=rf"^\S+:{line_of(path, name)}: {name} is a list of 1 to 10 roles"):
        read_settings(path)


@pytest.mark.parametrize(
    ("more", "at"), [({"cc": ["a", "a"]}, "cc"), ({"cc": ["a", "b"], "bcc": ["b"]}, "bcc")], ids=["twice", "in-both"]
)
def test_a_role_that_stands_there_twice_is_refused(tmp_path: Path, more: dict[str, Any], at: str) -> None:
    path = write_settings(tmp_path, **more)
    with pytest.raises(PackageError, match=rf":{line_of(path, at)}: [ab] stands twice in cc and bcc"):
        read_settings(path)


@pytest.mark.parametrize("name", ["cc", "bcc"])
def test_a_subscription_has_no_copies_which_could_unsubscribe_its_reader(tmp_path: Path, name: str) -> None:
    path = write_settings(tmp_path, subscription=True, **{name: ["accounting"]})
    with pytest.raises(
        PackageError, match=rf":{line_of(path, name)}: a subscription has no copies, .* unsubscribe link"
    ):
        read_settings(path)
