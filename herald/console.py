"""Prints messages and asks questions, for every command; plain text if there is no terminal.

Lines are never cut or wrapped, so that an id, an ARN or a command can be copied whole from any terminal.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console

from operations.errors import UsageError, UserError

__all__ = [
    "INTERRUPTED",
    "CommandInterrupted",
    "JsonOption",
    "TerminalPrompt",
    "Yes",
    "confirm",
    "console",
    "format_age",
    "note",
    "print_json",
    "print_problem",
    "print_rows",
]

console = Console(soft_wrap=True, highlight=False)
_errors = Console(stderr=True, soft_wrap=True, highlight=False)

#: The options of commands that ask, and of those that can print for machines.
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask: for machines")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document: for machines")]

#: Exit code of a command that was stopped by Ctrl-C.
INTERRUPTED = 130


class CommandInterrupted(UserError):
    """A command was stopped by Ctrl-C; says what it had done."""


def print_problem(message: str) -> None:
    """Print what went wrong on standard error."""
    _errors.print("[bold red]error:[/]", end=" ")
    _errors.print(message, markup=False)


def note(message: str) -> None:
    """Print a remark on standard error, so that a machine reads only the answer on standard output."""
    _errors.print(message, markup=False)


def print_json(value: object) -> None:
    """Print one JSON document, in ASCII, on standard output."""
    typer.echo(json.dumps(value, indent=2, default=str))


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[str]], indent: int = 0) -> None:
    """Print a table whose columns are as wide as their longest cell; empty headings are left out, and without rows
    nothing is printed."""
    if not rows:
        return
    lines = [list(headings), *map(list, rows)] if any(headings) else [*map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        style = "dim" if number == 0 and any(headings) else None
        console.print(" " * indent + "  ".join(cells).rstrip(), markup=False, style=style)


def confirm(question: str, flag: str = "--yes") -> bool:
    """Ask yes or no, no by default. Raises `UserError` without a terminal, naming the flag that answers yes."""
    if not os.isatty(0):
        raise UsageError(f"{question} There is nobody to answer: say {flag}")
    try:
        return typer.confirm(question, default=False, err=True)
    except typer.Abort:
        raise CommandInterrupted("stopped before an answer") from None


class TerminalPrompt:
    """A question at the terminal that does not block; the answer is a line that begins with y or n."""

    def ask(self, text: str) -> None:
        """Print the question, among whatever else is shown."""
        console.print(f"{text}: type yes or no, and Enter", markup=False)

    def answer(self) -> bool | None:
        """The answer that has been typed; None if there is none, or it is neither yes nor no."""
        if not select.select([sys.stdin], [], [], 0)[0]:
            return None
        return {"y": True, "n": False}.get(sys.stdin.readline().strip().lower()[:1])


def format_age(ms: float) -> str:
    """Format a duration in one unit."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if ms >= size:
            return f"{int(ms // size)} {unit}"
    return f"{int(max(0, ms)) // 1000} s"
