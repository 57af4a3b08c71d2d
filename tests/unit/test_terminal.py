"""A terminal that cannot show every letter is no reason for a traceback."""

from __future__ import annotations

import os
import subprocess
import sys

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
