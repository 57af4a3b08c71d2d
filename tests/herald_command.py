"""The command `herald` in this process: a process of its own takes a second of a processor to load it."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from herald import cli
from herald import console as consoles

__all__ = ["Ended", "run_herald"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def run_herald(*words: str, encoding: str = "utf-8", **environment: str) -> Ended:
    """Run the command as its console script does, without a terminal; `environment` is set beside what is set."""
    output, errors = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
    with (
        patch.object(sys, "argv", ["herald", *words]),
        patch.dict("os.environ", environment),
        # COLUMNS is read when a console is made: here that may have been for another command.
        patch.object(consoles.console, "_width", None),
        patch.object(consoles._errors, "_width", None),
        redirect_stdout(output),
        redirect_stderr(errors),
        pytest.raises(SystemExit) as end,
    ):
        cli.main()
    assert isinstance(end.value.code, int)
    return Ended(end.value.code, _read(output), _read(errors))


def _read(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
