"""A terminal that cannot show every letter is no reason for a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from laptop.state import ROOT

SCRIPT = """
import typer
from herald import cli
from operations.errors import UserError

def say(*_: object, **__: object) -> None:
    typer.echo("“Über” → 20 €")
    raise UserError("the table “Bücher” is not there")

cli.app = say
cli.main()
"""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "utf-8"])
def test_a_command_ends_with_its_own_words(encoding: str) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, cwd=ROOT, capture_output=True, check=False, timeout=600
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"20" in done.stdout
    assert b"is not there" in done.stderr


EVERY_COMMAND = """
import sys
import typer.main
from herald import cli

def paths(group, path=()):
    for name, command in group.commands.items():
        yield (*path, name)
        yield from paths(command, (*path, name)) if hasattr(command, "commands") else ()

for path in [(), *paths(typer.main.get_command(cli.app))]:
    for option in ("--help", "--no-such-option-of-Ünal"):
        sys.argv = ["herald", *path, option]
        try:
            cli.main()
        except SystemExit as end:
            assert end.code == (0 if option == "--help" else 2), path
print("all", "“of them”")
"""


def test_every_command_says_its_words_where_only_ascii_can_be_shown() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", EVERY_COMMAND], env=environment, cwd=ROOT, capture_output=True, check=False, timeout=600
    )
    assert b"Traceback" not in done.stderr
    assert done.stdout.splitlines()[-1] == b"all ?of them?"
    assert done.stdout.isascii()
    assert done.returncode == 0


READER = """
import os, sys
from pathlib import Path
from herald.terraform.runner import Terraform
print(ascii(Terraform(Path(), dict(os.environ)).read("version")))
"""


def test_what_terraform_says_is_read_in_every_locale(tmp_path: Path) -> None:
    program = tmp_path / "terraform"
    program.write_text("#!/bin/sh\nprintf '\\342\\225\\267 Error\\n'\n")
    program.chmod(0o755)
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(ROOT)}
    environment = {**os.environ, **plain, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-c", READER], env=environment, cwd=ROOT, capture_output=True, check=False, timeout=600
    )
    assert (done.stdout, done.returncode) == (b"'\\u2577 Error\\n'\n", 0), done.stderr
