"""What the Makefile makes of an environment that was left half-way, and of a path with spaces; its Python is a fake."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis.configuration import storage_directory

ROOT = Path(__file__).parents[2]
FILES = ("Makefile", "pyproject.toml", "herald/requirements.txt", "tests/requirements.txt")

#: Makes environments whose Python notes what pip is asked to install. `broken` fails after the folder is there, as
#: Debian's Python does without python3-venv; `interrupted` lets pip fail, as Ctrl-C does.
PYTHON = """#!/bin/bash
case "$1 $2" in
  "-c import sys; print"*) echo 3.11 ;;
  "-m venv")
    mkdir -p "$3/bin" && echo "$3" >> made
    [[ ! -e broken ]] || exit 1
    printf '#!/bin/bash\\n[[ ! -e interrupted ]] && echo "$@" >> "%s/installed"\\n' "$3" > "$3/bin/python"
    chmod +x "$3/bin/python" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the files that the environment is made of, in a path with spaces."""
    folder = tmp_path / "a b" / "c d"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    python = folder / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    return folder


def make(checkout: Path, target: str = "setup") -> bool:
    """Whether `make` did what it was asked for."""
    environment = {"PATH": os.environ["PATH"]}
    command = ["make", "-s", f"PYTHON={checkout}/python", target]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, check=False).returncode == 0


def list_installed(checkout: Path) -> list[str]:
    """The last words of each call of pip, in the environment as it now is."""
    return [line.split()[-1] for line in (checkout / "build/venv/3.11/installed").read_text().splitlines()]


def environments_made(checkout: Path) -> int:
    return len((checkout / "made").read_text().splitlines())


EVERYTHING = ["herald/requirements.txt", ".", "tests/requirements.txt"]


def test_it_installs_what_is_locked_and_the_command_itself(checkout: Path) -> None:
    assert make(checkout)
    assert list_installed(checkout) == EVERYTHING
    assert make(checkout)
    assert list_installed(checkout) == EVERYTHING, "nothing is done twice"


@pytest.mark.parametrize("accident", ["broken", "interrupted"])
def test_an_environment_that_was_left_half_way_is_made_anew(checkout: Path, accident: str) -> None:
    (checkout / accident).touch()
    assert not make(checkout)
    (checkout / accident).unlink()
    assert make(checkout)
    assert (environments_made(checkout), list_installed(checkout)) == (2, EVERYTHING)


def test_one_that_broke_while_it_was_renewed_is_made_anew(checkout: Path) -> None:
    assert make(checkout)
    (checkout / "interrupted").touch()
    os.utime(checkout / "tests/requirements.txt", (4e9, 4e9))
    assert not make(checkout)
    (checkout / "interrupted").unlink()
    os.utime(checkout / "tests/requirements.txt", (1e9, 1e9))
    assert make(checkout)
    assert (environments_made(checkout), list_installed(checkout)) == (2, EVERYTHING)


def test_a_lock_that_changed_is_installed_into_the_environment_that_is_there(checkout: Path) -> None:
    assert make(checkout)
    for mark in (checkout / "build/venv/3.11").glob(".whole*"):
        os.utime(mark, (1e9, 1e9))
    assert make(checkout)
    assert (environments_made(checkout), list_installed(checkout)) == (1, EVERYTHING * 2)


def test_nothing_is_written_beside_a_checkout_whose_path_has_spaces(checkout: Path, tmp_path: Path) -> None:
    assert make(checkout)
    assert [path.name for path in tmp_path.iterdir()] == ["a b"]
    assert [path.name for path in checkout.parent.iterdir()] == ["c d"]
    assert {path.name for path in checkout.iterdir()} == {
        "Makefile",
        "pyproject.toml",
        "herald",
        "tests",
        "build",
        "python",
        "made",
    }


def test_a_file_with_the_name_of_a_target_does_not_hide_it() -> None:
    rules = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):(?!=)", rules, re.MULTILINE))
    (phony,) = re.findall(r"^\.PHONY: (.+)$", rules, re.MULTILINE)
    assert {"test", "status"} <= targets == set(phony.split())


def test_hypothesis_keeps_nothing_outside_build() -> None:
    assert storage_directory("constants").path.is_relative_to(ROOT / "build")
