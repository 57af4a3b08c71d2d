"""`herald`: everything that a person runs; the Makefile's targets are short names for its commands."""

from __future__ import annotations

import io
import sys
from collections import UserDict
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from herald.console import problem
from operations.errors import UserError

__all__ = ["app", "main"]

#: Which module of `herald.commands` each command is in. Only that of the command which is called is loaded: all of them
#: take longer to load than most commands to run.
_MODULES = {
    "capacity": "capacity",
    "doctor": "doctor",
    "smoke": "smoke",
    "leave-plan": "ses_plan",
    "package": "package",
    "preview": "package",
    "local": "laptop",
    "infra": "terraform",
    "dead": "redrive",
    "redrive": "redrive",
    "forget": "recipients",
    "suppressions": "recipients",
    "release": "release",
    "rollback": "release",
    "releases": "release",
    "rehearse": "rehearse",
    "pause": "pause",
    "resume": "pause",
}


class _Commands(UserDict[str, Any]):
    """Commands by name, of which each is loaded when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        return _load(name, super().__getitem__(name))


class _Group(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands(_MODULES)


@cache
def _load(name: str, module: str) -> Any:
    """The command of that name, or the group of commands, out of the module's `app` or function."""
    loaded = import_module(f"herald.commands.{module}")
    made: typer.Typer | None = getattr(loaded, "app", None)
    if made is None:
        made = typer.Typer(add_completion=False)
        made.command()(getattr(loaded, name.replace("-", "_")))
    command = get_command(made)
    return command.commands.get(name, command) if isinstance(command, TyperGroup) else command


app = typer.Typer(
    help="Herald: application events in, exactly one email out.",
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _herald() -> None:
    """What makes the application a group, though it has no command yet."""


def main() -> None:
    """Run one command. Exit codes: 0 done, 1 it failed, 2 it was called wrongly, 130 it was interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter shows a question mark
    try:
        app(prog_name="herald")
    except UserError as error:
        problem(str(error))
        sys.exit(error.code)
