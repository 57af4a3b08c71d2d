"""`python -m ops`: everything that a person runs; the Makefile's targets are short names for its commands."""

from __future__ import annotations

import sys

import typer

from ops.capacity.cli import capacity
from ops.console import problem
from ops.errors import UserError
from ops.infra.cli import app as infra
from ops.local.cli import app as local
from ops.package.cli import package, preview
from ops.pausing.cli import app as pausing
from ops.records.cli import app as records
from ops.redrive.cli import app as redrive
from ops.release.cli import app as release
from ops.release.rehearsal.cli import app as rehearse

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
app.command()(package)
app.command()(preview)


def main() -> None:
    """Run one command. Exit codes: 0 done, 1 it failed, 2 it was called wrongly, 130 it was interrupted."""
    try:
        app(prog_name="python -m ops")
    except UserError as error:
        problem(str(error))
        sys.exit(error.code)


if __name__ == "__main__":
    main()
