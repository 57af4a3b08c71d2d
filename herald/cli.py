"""`herald`: everything that a person runs; the Makefile's targets are short names for its commands."""

from __future__ import annotations

import io
import sys

import typer

from herald.commands.capacity import capacity
from herald.commands.doctor import doctor
from herald.commands.laptop import app as local
from herald.commands.package import package, preview
from herald.commands.pause import app as pausing
from herald.commands.recipients import app as records
from herald.commands.redrive import app as redrive
from herald.commands.rehearse import app as rehearse
from herald.commands.release import app as release
from herald.commands.ses_plan import leave_plan
from herald.commands.smoke import smoke
from herald.commands.terraform import app as infra
from herald.console import problem
from operations.errors import UserError

__all__ = ["app", "main"]

app = typer.Typer(
    help="Herald: application events in, exactly one email out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(local, name="local", no_args_is_help=True)
app.add_typer(infra, name="infra", no_args_is_help=True)
app.add_typer(redrive)
app.add_typer(records)
app.add_typer(release)
app.add_typer(rehearse)
app.add_typer(pausing)
app.command()(capacity)
app.command()(doctor)
app.command()(smoke)
app.command()(leave_plan)
app.command()(package)
app.command()(preview)


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
