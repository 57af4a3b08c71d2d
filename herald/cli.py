"""The command line `herald`; the Makefile's targets are short names for its commands."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections import UserDict
from functools import cache
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from herald.command_list import CommandList
from herald.console import INTERRUPTED, CommandInterrupted, print_problem
from operations.errors import UsageError, UserError
from webapp.admin.remedy_commands import format_command

__all__ = ["app", "main"]

#: The greatest width of the help, in columns.
_WIDEST = 100
#: Exit codes: of a wrong call, and the one by which a shell reports a program that wrote into a closed pipe.
_CALLED_WRONGLY = 2
_UNREAD = 141

#: The module of `herald.commands` that each command is in. Only the called command's module is loaded: loading all of
#: them takes longer than most commands run.
_MODULES = {
    "capacity": "account.capacity",
    "doctor": "account.doctor",
    "smoke": "account.smoke",
    "leave-plan": "account.leave_plan",
    "package": "deployment.package",
    "dist": "deployment.package",
    "preview": "mails.notifications",
    "new": "mails.notifications",
    "lint": "mails.notifications",
    "test": "mails.mail_tests",
    "publish": "mails.publish",
    "contracts": "mails.publish",
    "studio": "mails.studio",
    "local": "local",
    "infra": "deployment.terraform",
    "status": "operations.status",
    "why": "operations.why",
    "dead": "operations.redrive",
    "redrive": "operations.redrive",
    "discard": "operations.redrive",
    "forget": "operations.suppressions",
    "suppressions": "operations.suppressions",
    "release": "deployment.release",
    "rollback": "deployment.release",
    "releases": "deployment.release",
    "rehearse": "deployment.rehearse",
    "pause": "operations.pause",
    "resume": "operations.pause",
}


class _Commands(UserDict[str, Any]):
    """Commands by name, each loaded when it is first looked up."""

    def __getitem__(self, name: str) -> Any:
        return _load(name, super().__getitem__(name))


class _Group(CommandList):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands(_MODULES)

    def make_context(self, *arguments: Any, **extra: Any) -> Any:
        """Make the help as wide as the terminal: Click by itself uses 50 columns even in a narrower one."""
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        return super().make_context(*arguments, terminal_width=width, **extra)


@cache
def _load(name: str, module: str) -> Any:
    """Load the command of that name, or a group of commands, from the module's `app` or function."""
    loaded = import_module(f"herald.commands.{module}")
    made: typer.Typer | None = getattr(loaded, "app", None)
    if made is None:
        made = typer.Typer(add_completion=False)
        made.command()(getattr(loaded, name.replace("-", "_")))
    made.rich_markup_mode = None
    command = get_command(made)
    return command.commands.get(name, command) if isinstance(command, TyperGroup) else command


app = typer.Typer(
    help="Herald: application events in, exactly one email out.",
    cls=_Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # its boxes cut options and fold ids on a narrow terminal
)


@app.callback()
def _herald() -> None:
    """Makes the application a group, although it has no command of its own."""


def main() -> None:
    """Run one command. Exit codes: 0 done, 1 it failed, 2 it was called wrongly, 3 something is left for an operator,
    130 it was interrupted, 141 the program that read its output has ended."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter shows a question mark
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _close_output()
        code = code or _UNREAD
    sys.exit(code)


def _run() -> int:
    """Run a command and return its exit code, after printing any error in one line."""
    try:
        app(prog_name="herald")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            print_problem("stopped")
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except (Exception, KeyboardInterrupt) as error:
        code = _tell(error)
        if code is None:
            raise
        return code
    return 0


def _tell(error: BaseException) -> int | None:
    """Print an error that is not a bug of the command, and return its exit code; None for any other error."""
    code, line = 1, str(error)
    match error:
        case UserError():
            code = _find_exit_code(error)
            if error.remedy:
                line = f"{line}: {format_command(error.remedy)}"
        case KeyboardInterrupt():
            code, line = INTERRUPTED, "stopped"
        case BrokenPipeError():
            _close_output()
            return _UNREAD
        case OSError():
            line = f"{error.filename}: {error.strerror}" if error.filename else line
        case _ if type(error).__module__.startswith("botocore."):
            line = f"AWS refused: {error}"
        case _:
            return None
    print_problem(line)
    return code


def _find_exit_code(error: UserError) -> int:
    if isinstance(error, CommandInterrupted):
        return INTERRUPTED
    return _CALLED_WRONGLY if isinstance(error, UsageError) else 1


def _close_output() -> None:
    """Point standard output at the null device after its reader has closed it, so that Python's flush at exit succeeds.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
